// ExtractField: a key or value becomes one of its fields.

#include "connectors/transforms/field_path.h"
#include "connectors/transforms/registrations.h"

namespace millrace::transforms {
namespace {

constexpr std::string_view kPurpose = "field extraction";

struct Options {
  std::string field;
  bool replace_null = true;
  std::string syntax = "V1";
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def =
      ConfigDef<Options>()
          .required(&Options::field, {.name = "field",
                                      .importance = Importance::Medium,
                                      .doc = "Name of the field to take."})
          .optional(&Options::replace_null, replace_null_spec())
          .optional(&Options::syntax, field_syntax_spec());
  return def;
}

class ExtractField {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }

  void configure(const Properties& config) {
    options_ = rows().parse(config);
    path_ = FieldPath(options_.field, options_.syntax);
  }

  bool apply(RecordBatch&, Record&, SchemaAndValue& data, Failure& failure) const {
    return data.schema == nullptr ? from_map(data, failure) : from_struct(data, failure);
  }

 private:
  bool from_map(SchemaAndValue& data, Failure& failure) const {
    if (data.value.is_null()) return true;
    if (!require_map(data.value, kPurpose, failure)) return false;
    Value value;
    if (!path_.value_of_map(data.value, value, failure)) return false;
    data.value = value;
    return true;
  }

  bool from_struct(SchemaAndValue& data, Failure& failure) const {
    if (!data.value.is_null() && !require_struct(data.value, kPurpose, failure)) return false;
    const Field* field = nullptr;
    if (!path_.find_field(*data.schema, field, failure)) return false;
    if (field == nullptr) {
      return failure.fail("Unknown field: " + options_.field, ErrorKind::IllegalArgument);
    }
    Value value;
    if (!data.value.is_null() &&
        !path_.value_of(data.value.as_struct(), options_.replace_null, value, failure)) {
      return false;
    }
    data = {field->schema.get(), value};
    return true;
  }

  Options options_;
  FieldPath path_;
};

}  // namespace

void register_extract_field(PluginTable& table) { add_sided<ExtractField>(table, "ExtractField"); }

}  // namespace millrace::transforms
