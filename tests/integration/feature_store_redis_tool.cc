// Writes rows to Redis as Feast has them; feature_store_feast_test.py says what they must be.
// feature_store_redis_tool PORT write | newer MICROS VALUE | delete

#include <iostream>
#include <string>

#include "connectors/feature_store/redis/redis_store.h"
#include "tests/unit/feature_store/changes.h"

namespace millrace::feature_store::testing_support {
namespace {

constexpr int64_t kMoment = 1'767'323'045'678'901;
const std::string kPlace =
    R"({"type":"record","name":"p","fields":[{"name":"lat","type":["null","double"]},)"
    R"({"name":"tags","type":["null",{"type":"array","items":["null","string"]}]}]})";

std::string array_of(const std::string& item) {
  return R"({"type":"array","items":["null",)" + item + "]}";
}

/// Key fields first; in the group's order, which is not that of their names.
RowPlanPtr all_types() {
  FeatureGroup group = sample_group();
  group.primary_key = {"z_int", "a_long", "m_text", "b_bytes", "c_time"};
  return plan_of(group, schema_of({{"z_int", "\"int\""},
                                   {"a_long", "\"long\""},
                                   {"m_text", "\"string\""},
                                   {"b_bytes", "\"bytes\""},
                                   {"c_time", kTimestamp},
                                   {"ts", kTimestamp},
                                   {"truth", "\"boolean\""},
                                   {"i", "\"int\""},
                                   {"l", "\"long\""},
                                   {"f", "\"float\""},
                                   {"d", "\"double\""},
                                   {"s", "\"string\""},
                                   {"raw", "\"bytes\""},
                                   {"day", kDate},
                                   {"dec", decimal_type(6, 2)},
                                   {"none", "\"string\""},
                                   {"doubles", array_of("\"double\"")},
                                   {"ints", array_of("\"int\"")},
                                   {"longs", array_of("\"long\"")},
                                   {"floats", array_of("\"float\"")},
                                   {"truths", array_of("\"boolean\"")},
                                   {"texts", array_of("\"string\"")},
                                   {"blobs", array_of("\"bytes\"")},
                                   {"days", array_of(kDate)},
                                   {"gaps", array_of("\"long\"")},
                                   {"map", R"({"type":"map","values":["null","long"]})"},
                                   {"place", kPlace},
                                   {"places", array_of("\"p\"")}}));
}

/// An array of values that are not null, behind the branch of its own union.
template <typename Value, typename Write>
std::string list(std::initializer_list<Value> values, Write&& write) {
  std::string out;
  avro::Writer writer(out);
  writer.write_long(1);
  writer.write_long(static_cast<int64_t>(values.size()));
  for (const Value& value : values) {
    writer.write_long(1);
    write(writer, value);
  }
  writer.write_long(0);
  return out;
}

void write_place(avro::Writer& out) {
  out.write_long(1);
  out.write_double(59.5);
  out.write_long(1);
  out.write_long(2);
  out.write_long(1);
  out.write_bytes("a");
  out.write_long(1);
  out.write_bytes("b");
  out.write_long(0);
}

std::string row_of_all_types() {
  using avro::Writer;
  const auto whole = [](Writer& out, int64_t value) { out.write_long(value); };
  const auto text = [](Writer& out, std::string_view value) { out.write_bytes(value); };
  std::string gaps;
  Writer gap(gaps);
  for (const int64_t part : {1, 2, 1, 7, 0, 0}) gap.write_long(part);
  std::string map;
  Writer entries(map);
  entries.write_long(1);
  entries.write_long(2);
  entries.write_bytes("one");
  entries.write_long(1);
  entries.write_long(1);
  entries.write_bytes("none");
  entries.write_long(0);
  entries.write_long(0);
  std::string place;
  Writer one(place);
  one.write_long(1);
  write_place(one);
  RowText row;
  row.whole(-5).whole(1'001).bytes("M\xC3\xBCller").bytes(std::string("\0\xFF", 2)).whole(kMoment);
  row.whole(kMoment)
      .truth(true)
      .whole(-7)
      .whole(INT64_MIN)
      .small_real(1.5F)
      .real(0.1)
      .bytes("hi")
      .bytes(std::string("\0\x01", 2))
      .whole(20'455)
      .bytes("\xCF\xC7")
      .null();
  row.bytes(list({1.5, -2.5}, [](Writer& out, double value) { out.write_double(value); }))
      .bytes(list<int64_t>({1, -2}, whole))
      .bytes(list<int64_t>({3, -4}, whole))
      .bytes(list({0.5F}, [](Writer& out, float value) { out.write_float(value); }))
      .bytes(list({true, false}, [](Writer& out, bool value) { out.write_boolean(value); }))
      .bytes(list<std::string_view>({"a", ""}, text))
      .bytes(list<std::string_view>({"\x01"}, text))
      .bytes(list<int64_t>({0, 1}, whole))
      .bytes(gaps)
      .bytes(map)
      .bytes(place)
      .bytes(list<int>({0}, [](Writer& out, int) { write_place(out); }));
  return row;
}

int run(int port, const std::vector<std::string>& arguments) {
  RedisOptions options;
  options.port = port;
  options.connector = "feast-test";
  options.feast_project = "bank";
  options.join_keys = [](int64_t group) {
    return group == 42 ? std::map<std::string, std::string>{{"k_int", "z_int"}}
                       : std::map<std::string, std::string>{};
  };
  const auto store = open_redis(options);
  Batch batch;
  const RowPlanPtr all = all_types();
  FeatureGroup small = sample_group(43);
  small.name = "risk";
  const RowPlanPtr risk = plan_of(small, sample_schema());
  if (arguments[0] == "write") {
    batch.add(all, row_of_all_types());
    batch.add(risk, sample_row(1'001, kMoment, 0.5, "x"));
  } else if (arguments[0] == "newer") {
    batch.add(risk, sample_row(1'001, std::stoll(arguments[1]), std::stod(arguments[2])),
              {.if_newer = true});
  } else {
    batch.add(risk, sample_delete(1'001), {.is_delete = true});
  }
  if (!batch.push(*store)) return 1;
  for (const RowChange& change : batch.changes())
    std::cout << row_status_name(change.status) << '\n';
  return 0;
}

}  // namespace
}  // namespace millrace::feature_store::testing_support

int main(int count, char** arguments) {
  if (count < 3) return 2;
  return millrace::feature_store::testing_support::run(std::stoi(arguments[1]),
                                                       {arguments + 2, arguments + count});
}
