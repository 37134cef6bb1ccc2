#include "millrace/arena.h"

#include <algorithm>

#include "millrace/schema.h"

namespace millrace {

Arena::~Arena() {
  for (const Block& block : blocks_) {
    unpoison(reinterpret_cast<uintptr_t>(block.memory.get()), block.size);
  }
}

void Arena::use_block(size_t index) noexcept {
  current_ = index;
  cursor_ = reinterpret_cast<uintptr_t>(blocks_[index].memory.get());
  end_ = cursor_ + blocks_[index].size;
}

void* Arena::allocate_slow(size_t size, size_t align) {
  // Blocks kept from an earlier use come first; one too small for this request is passed over.
  while (current_ + 1 < blocks_.size()) {
    use_block(current_ + 1);
    if (blocks_[current_].size >= size + align) return allocate(size, align);
  }
  const size_t block_size = std::max(kBlockSize, size + align);
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(block_size), block_size});
  reserved_ += block_size;
  use_block(blocks_.size() - 1);
  poison(cursor_, block_size);
  return allocate(size, align);
}

void Arena::reset() noexcept {
  while (reserved_ > kMaxRetained) {
    Block& last = blocks_.back();
    unpoison(reinterpret_cast<uintptr_t>(last.memory.get()), last.size);
    reserved_ -= last.size;
    blocks_.pop_back();
  }
  for (const Block& block : blocks_) {
    poison(reinterpret_cast<uintptr_t>(block.memory.get()), block.size);
  }
  if (blocks_.empty()) {
    cursor_ = end_ = 1;
  } else {
    use_block(0);
  }
}

size_t Arena::used() const noexcept {
  if (blocks_.empty()) return 0;
  size_t total = 0;
  for (size_t i = 0; i < current_; ++i) total += blocks_[i].size;
  return total + (cursor_ - reinterpret_cast<uintptr_t>(blocks_[current_].memory.get()));
}

namespace {

Value copy_decimal(const DecimalData& from, Arena& arena) {
  auto* memory = static_cast<DecimalData*>(
      arena.allocate(sizeof(DecimalData) + from.length, alignof(DecimalData)));
  std::memcpy(static_cast<void*>(memory), &from, sizeof(DecimalData) + from.length);
  return Value::decimal(memory);
}

Value copy_struct(const StructData& from, size_t fields, Arena& arena) {
  const std::span<Value> values = arena.make_array<Value>(fields);
  for (size_t i = 0; i < fields; ++i) values[i] = copy_value(from.values[i], arena);
  auto* data = arena.make<StructData>();
  data->schema = from.schema;
  data->values = values.data();
  return Value::structure(data);
}

}  // namespace

Value copy_value(const Value& value, Arena& arena) {
  switch (value.type()) {
    case Type::String:
      return Value::string(arena.copy(value.as_string()));
    case Type::Bytes:
      return Value::bytes(arena.copy(value.as_bytes()));
    case Type::Decimal:
      return copy_decimal(value.as_decimal(), arena);
    case Type::Struct:
      return copy_struct(value.as_struct(), value.size(), arena);
    case Type::Array: {
      const auto from = value.as_array();
      const std::span<Value> to = arena.make_array<Value>(from.size());
      for (size_t i = 0; i < from.size(); ++i) to[i] = copy_value(from[i], arena);
      return Value::array(to);
    }
    case Type::Map: {
      const auto from = value.as_map();
      const std::span<MapEntry> to = arena.make_array<MapEntry>(from.size());
      for (size_t i = 0; i < from.size(); ++i) {
        to[i] = {copy_value(from[i].key, arena), copy_value(from[i].value, arena)};
      }
      return Value::map(to);
    }
    default:
      return value;
  }
}

}  // namespace millrace
