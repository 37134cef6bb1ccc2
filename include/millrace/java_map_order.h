#pragma once
// The order in which a java.util.HashMap iterates, which Java's workers write into JSON and text.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/value.h"

namespace millrace {

/// Table of `new HashMap<>()`, `new HashMap<>(initial)` and `new HashMap<>(map)` with so many entries.
inline constexpr uint32_t kJavaMapCapacity = 16;
uint32_t java_map_capacity(size_t initial) noexcept;
uint32_t java_map_copy_capacity(size_t entries) noexcept;

/// String.hashCode of UTF-8 `text`: over its UTF-16 units.
uint32_t java_string_hash(std::string_view text) noexcept;

/// Puts `entries`, which differ in their keys and stand in the order they were put, into the order
/// of a HashMap whose table had `capacity` buckets at first and doubled when more than 3/4 full.
/// Keys are null, boolean, numbers, decimals, dates or UTF-8 text; other keys, whose hash has no
/// fixed value in Java, come first. Buckets of more than eight keys, which Java makes trees, are kept
/// as lists.
void arrange_as_java_map(std::span<MapEntry> entries, uint32_t capacity = kJavaMapCapacity);

/// The same for records: remembers the order of key sequences it has seen, so that a repeated one
/// costs its comparison and nothing is allocated. One thread.
class JavaMapOrder {
 public:
  void arrange(std::span<MapEntry> entries, uint32_t capacity = kJavaMapCapacity);

 private:
  static constexpr size_t kShapes = 16;         // remembered; a power of two
  static constexpr size_t kMaxShapeKeys = 256;  // longer maps are arranged afresh

  struct Shape {
    bool matches(std::span<const MapEntry> entries, uint32_t capacity) const noexcept;
    void learn(std::span<const MapEntry> entries, uint32_t capacity);

    uint32_t capacity = 0;
    std::string keys;             // one behind the other
    std::vector<uint32_t> ends;   // of each key in `keys`
    std::vector<const void*> addresses;  // of each key that stays where it is; else null
    std::vector<uint32_t> order;  // index in the order of insertion, by place; empty: unchanged
  };

  std::array<Shape, kShapes> shapes_;
  std::vector<MapEntry> scratch_;
};

}  // namespace millrace
