#include "runtime/pipeline/wire_copy.h"

namespace millrace {

WireBytes copy_wire(Arena& arena, const WireBytes& bytes) {
  return bytes.is_null() ? bytes : WireBytes::of(arena.copy(bytes.text()));
}

void add_wire_copy(RecordBatch& batch, const Record& record) {
  Arena& arena = batch.arena();
  Record& copy = batch.add();
  copy.topic = arena.copy(record.topic);
  copy.partition = record.partition;
  copy.timestamp = record.timestamp;
  copy.key_wire = copy_wire(arena, record.key_wire);
  copy.value_wire = copy_wire(arena, record.value_wire);
  HeaderWriter headers(arena, record.header_count);
  for (const Header& header : record.header_span()) headers.add(header.key, header.wire);
  headers.give_to(copy);
}

}  // namespace millrace
