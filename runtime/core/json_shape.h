#pragma once
// Objects of a stream repeat their members. A thread remembers the sequences of names it has parsed
// and guesses that the next object has one of them: then a name costs one comparison, it needs no
// search for duplicates, and the place of each member in a java.util.HashMap is known.

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "millrace/value.h"

namespace millrace::detail {

/// The names of an object in document order.
class JsonShape {
 public:
  /// False when these are no names to remember: the shape is empty then.
  bool learn(std::span<const MapEntry> entries);
  size_t size() const noexcept { return names_.size(); }

  /// The `index`th name when it stands, in quotes, at `at`; no data when it does not.
  std::string_view match(size_t index, const char* at, const char* end) const noexcept {
    const Name& name = names_[index];
    const size_t size = name.text.size();
    if (static_cast<size_t>(end - at) < kHead) return match_slowly(name, at, end);
    uint64_t head[2];
    std::memcpy(head, at + 1, sizeof head);
    const uint64_t differs =
        ((head[0] ^ name.head[0]) & name.mask[0]) | ((head[1] ^ name.head[1]) & name.mask[1]);
    if (*at != '"' || differs != 0) return {};
    return size < sizeof head ? name.text : match_slowly(name, at, end);
  }

  /// Copies members that have these names, in this order, to their places in a HashMap.
  void arrange(const MapEntry* members, MapEntry* out) const noexcept {
    for (size_t i = 0; i < names_.size(); ++i) out[names_[i].place] = members[i];
  }

 private:
  static constexpr size_t kHead = 17;  // quote and what match() compares at once

  struct Name {
    std::string_view text;  // interned
    uint64_t head[2];       // its first bytes and the closing quote
    uint64_t mask[2];       // of the bytes that count
    uint32_t place;         // in a HashMap
  };
  static std::string_view match_slowly(const Name& name, const char* at, const char* end) noexcept;

  std::vector<Name> names_;
};

/// Those of one thread, by depth of the object.
class JsonShapes {
 public:
  /// A shape whose first name stands at `at`; null when there is none.
  const JsonShape* guess(int depth, const char* at, const char* end) const noexcept {
    if (depth >= kDepths) return nullptr;
    for (const JsonShape& shape : sets_[static_cast<size_t>(depth)].shapes) {
      if (shape.size() != 0 && shape.match(0, at, end).data() != nullptr) return &shape;
    }
    return nullptr;
  }
  /// An object for which `guess` was wrong, or missing: remembered when it comes twice in a row.
  void missed(int depth, const JsonShape* guess, std::span<const MapEntry> entries);

 private:
  static constexpr int kDepths = 8;            // deeper objects are parsed afresh
  static constexpr size_t kShapes = 4;         // at each depth
  static constexpr uint32_t kMaxLearned = 64;  // at each depth: streams without a pattern end this

  struct Set {
    std::array<JsonShape, kShapes> shapes;
    uint64_t last_missed = 0;  // hash of its names
    uint32_t learned = 0;
  };
  std::array<Set, kDepths> sets_;
};

}  // namespace millrace::detail
