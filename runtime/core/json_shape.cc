#include "runtime/core/json_shape.h"

#include <algorithm>

#include "millrace/java_map_order.h"
#include "runtime/core/interned_names.h"

namespace millrace::detail {
namespace {

constexpr size_t kMaxNames = 64;      // of a shape
constexpr size_t kMaxNameSize = 255;  // bytes

/// Whether JSON writes `name` as it is, so that comparing bytes is enough.
bool is_plain(std::string_view name) noexcept {
  return name.size() <= kMaxNameSize && std::none_of(name.begin(), name.end(), [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  });
}

uint64_t hash_of(std::span<const MapEntry> entries) noexcept {
  constexpr uint64_t kPrime = 0x100000001B3;
  uint64_t hash = 0xCBF29CE484222325;
  for (const MapEntry& entry : entries) {
    for (const char c : entry.key.as_string()) {
      hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
    }
    hash = (hash ^ '"') * kPrime;
  }
  return hash;
}

}  // namespace

bool JsonShape::learn(std::span<const MapEntry> entries) {
  names_.clear();
  std::vector<std::string_view> texts;
  std::vector<MapEntry> places;
  for (const MapEntry& entry : entries) {
    texts.push_back(entry.key.as_string());
    places.push_back({entry.key, Value::int64(static_cast<int64_t>(places.size()))});
  }
  if (entries.size() > kMaxNames || !std::all_of(texts.begin(), texts.end(), is_plain) ||
      !intern_names(texts)) {
    return false;
  }
  names_.resize(texts.size());
  arrange_as_java_map(places);
  for (size_t i = 0; i < names_.size(); ++i) {
    names_[static_cast<size_t>(places[i].value.as_int())].place = static_cast<uint32_t>(i);
    Name& name = names_[i];
    name.text = texts[i];
    unsigned char head[sizeof name.head] = {};
    unsigned char mask[sizeof name.mask] = {};
    const size_t size = std::min(texts[i].size(), sizeof head);
    std::copy_n(texts[i].data(), size, head);
    if (size < sizeof head) head[size] = '"';
    std::fill_n(mask, std::min(size + 1, sizeof mask), 0xFF);
    std::memcpy(name.head, head, sizeof head);
    std::memcpy(name.mask, mask, sizeof mask);
  }
  return true;
}

std::string_view JsonShape::match_slowly(const Name& name, const char* at,
                                         const char* end) noexcept {
  const std::string_view rest(at, static_cast<size_t>(end - at));
  const size_t size = name.text.size();
  if (rest.size() < size + 2 || rest[0] != '"' || rest[size + 1] != '"') return {};
  return rest.substr(1, size) == name.text ? name.text : std::string_view();
}

void JsonShapes::missed(int depth, const JsonShape* guess, std::span<const MapEntry> entries) {
  if (depth >= kDepths) return;
  Set& here = sets_[static_cast<size_t>(depth)];
  if (here.learned == kMaxLearned || entries.empty()) return;
  const uint64_t hash = hash_of(entries);
  if (hash != here.last_missed) {
    here.last_missed = hash;
    return;
  }
  // A shape of the same first name would hide the new one.
  JsonShape& shape = guess != nullptr ? here.shapes[static_cast<size_t>(guess - here.shapes.data())]
                                      : here.shapes[here.learned % kShapes];
  ++here.learned;
  shape.learn(entries);
}

}  // namespace millrace::detail
