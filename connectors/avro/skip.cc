#include "connectors/avro/skip.h"

#include "connectors/avro/limits.h"

namespace millrace::avro {
namespace {

void skip_items(Reader& in, const Node& type, int depth, uint64_t& budget, SizedBlocks blocks) noexcept {
  int64_t bytes = -1;
  for (int64_t count = in.read_block(&bytes); count > 0; count = in.read_block(&bytes)) {
    if (bytes >= 0 && blocks == SizedBlocks::Jump) {
      in.read_fixed(static_cast<size_t>(bytes));
      continue;
    }
    for (; count > 0 && !in.failed(); --count) {
      if (type.kind == Kind::Map) in.read_bytes();
      skip_value(in, *type.members[0], depth + 1, budget, blocks);
    }
  }
}

}  // namespace

void skip_value(Reader& in, const Node& type, int depth, uint64_t& budget, SizedBlocks blocks) noexcept {
  if (in.failed()) return;
  if (depth > kMaxValueDepth) return in.fail("values are nested too deeply");
  if (budget == 0) return in.fail("there are more values than bytes");
  --budget;
  switch (type.kind) {
    case Kind::Null: break;
    case Kind::Boolean: in.read_boolean(); break;
    case Kind::Int: in.read_int(); break;
    case Kind::Long: in.read_long(); break;
    case Kind::Float: in.read_float(); break;
    case Kind::Double: in.read_double(); break;
    case Kind::Bytes:
    case Kind::String: in.read_bytes(); break;
    case Kind::Fixed: in.read_fixed(type.size); break;
    case Kind::Enum: in.read_index(type.symbols.size()); break;
    case Kind::Record:
      for (const Field& field : type.fields) {
        skip_value(in, *field.type, depth + 1, budget, blocks);
        if (in.failed()) return;
      }
      break;
    case Kind::Array:
    case Kind::Map: skip_items(in, type, depth, budget, blocks); break;
    case Kind::Union: {
      const size_t branch = in.read_index(type.members.size());
      if (!in.failed()) skip_value(in, *type.members[branch], depth + 1, budget, blocks);
    }
  }
}

}  // namespace millrace::avro
