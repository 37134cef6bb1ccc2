// InsertHeader: adds a header with a literal value, read as Connect reads header text.

#include <memory>

#include "connectors/transforms/headers.h"
#include "connectors/transforms/registrations.h"
#include "connectors/transforms/side.h"
#include "millrace/values.h"

namespace millrace::transforms {
namespace {

struct Options {
  std::string header;
  std::string literal;
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def =
      ConfigDef<Options>()
          .required(&Options::header, {.name = "header",
                                       .importance = Importance::High,
                                       .doc = "Name of the header.",
                                       .validator = non_null()})
          .required(&Options::literal,
                    {.name = "value.literal",
                     .importance = Importance::High,
                     .doc = "Value of the header. Its type is found as for header text: `12` is a "
                            "number, `[1,2]` a list, what is nothing else a string.",
                     .validator = non_null()});
  return def;
}

class InsertHeader {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }

  void configure(const Properties& config) {
    options_ = rows().parse(config);
    holder_ = std::make_unique<RecordBatch>();
    literal_ = parse_values_text(options_.literal, *holder_);
    schema_ = literal_.schema == nullptr ? nullptr : literal_.schema->shared_from_this();
  }

  bool apply(RecordBatch& batch, Record& record, Failure&) const {
    // A batch may outlive its task's transformations, so it gets copies.
    Header& header = append_headers(batch, record, 1).front();
    header = Header{batch.arena().copy(options_.header),
                    {batch.keep(schema_), copy_value(literal_.value, batch.arena())},
                    {}};
    return true;
  }

 private:
  Options options_;
  std::unique_ptr<RecordBatch> holder_;  // owns the memory of literal_
  SchemaAndValue literal_;
  SchemaPtr schema_;
};

}  // namespace

void register_insert_header(PluginTable& table) {
  add_transformation<InsertHeader>(table, "InsertHeader");
}

}  // namespace millrace::transforms
