#include "connectors/transforms/replace_field.h"

#include "connectors/transforms/registrations.h"
#include "connectors/transforms/java_split.h"

namespace millrace::transforms {
namespace {

constexpr std::string_view kPurpose = "field replacement";
constexpr uint32_t kMissing = UINT32_MAX;

struct Options {
  std::vector<std::string> exclude;
  std::vector<std::string> include;
  std::vector<std::string> renames;
  bool replace_null = true;
};

ConfigValidator rename_list() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* list = std::get_if<std::vector<std::string>>(&value);
            if (list == nullptr) return {};
            for (const std::string& item : *list) {
              if (java_split(item, ':').size() != 2) return "Invalid rename mapping: " + item;
            }
            return {};
          },
          "list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>"};
}

const ConfigDef<Options>& config_def() {
  static const ConfigDef<Options> def = [] {
    ConfigDef<Options> d;
    d.optional(&Options::exclude,
               {.name = "exclude",
                .doc = "Fields to exclude. This takes precedence over the fields to include."});
    d.optional(&Options::include,
               {.name = "include",
                .doc = "Fields to include. If specified, only these fields will be used."});
    d.optional(&Options::renames, {.name = "renames",
                                   .doc = "Field rename mappings.",
                                   .validator = rename_list()});
    d.optional(&Options::replace_null, replace_null_spec());
    return d;
  }();
  return def;
}

}  // namespace

const ConfigDefinition& ReplaceField::definition() { return config_def().definition(); }

void ReplaceField::configure(const Properties& config) {
  Options options = config_def().parse(config);
  exclude_ = NameSet(std::move(options.exclude));
  include_ = NameSet(std::move(options.include));
  replace_null_ = options.replace_null;
  schemas_ = {};
  renames_.clear();
  for (const std::string& item : options.renames) {
    const auto parts = java_split(item, ':');
    const auto old = std::find_if(renames_.begin(), renames_.end(),
                                  [&](const auto& rename) { return rename.first == parts[0]; });
    if (old != renames_.end()) {
      old->second = parts[1];
    } else {
      renames_.emplace_back(parts[0], parts[1]);
    }
  }
  // Of two old names with one new name the later counts when names are taken back.
  sort_as_java_map(renames_, [](const auto& rename) { return std::string_view(rename.first); });
}

bool ReplaceField::apply(RecordBatch& batch, Record&, SchemaAndValue& side, Failure& failure) {
  if (side.value.is_null()) return true;
  return side.schema == nullptr ? apply_schemaless(side, batch.arena(), failure)
                                : apply_with_schema(side, batch, failure);
}

bool ReplaceField::apply_schemaless(SchemaAndValue& side, Arena& arena, Failure& failure) {
  if (!require_map(side.value, kPurpose, failure)) return false;
  MapEdit map(side.value.size(), arena);
  for (const MapEntry& entry : side.value.as_map()) {
    if (entry.key.type() != Type::String) {
      return failure.fail("ReplaceField takes maps with string keys only, found a key of " +
                          class_found(entry.key));
    }
    const std::string_view name = entry.key.as_string();
    if (!keeps(name)) continue;
    if (renames_.empty()) {
      map.append(entry.key, entry.value);
      continue;
    }
    const auto rename = std::find_if(renames_.begin(), renames_.end(),
                                     [name](const auto& r) { return r.first == name; });
    map.put(rename == renames_.end() ? name : std::string_view(rename->second), entry.value);
  }
  side.value = map.hashed(order_, java_map_capacity(side.value.size()));
  return true;
}

// A field's value is that of the old name of its new name, even where that name came from no
// renaming: `x:a` makes a record with a field `a` and no `x` fail, as in the reference.
ReplaceField::Plan ReplaceField::derive(const Schema& schema) const {
  SchemaBuilder builder = SchemaBuilder::structure();
  copy_basics(builder, schema);
  Plan plan;
  for (const Field& field : schema.fields()) {
    if (!keeps(field.name)) continue;
    const auto rename = std::find_if(renames_.begin(), renames_.end(),
                                     [&](const auto& r) { return r.first == field.name; });
    builder.field(rename == renames_.end() ? field.name : rename->second, field.schema);
  }
  for (const Field& field : builder.peek().fields()) {
    const auto rename = std::find_if(renames_.rbegin(), renames_.rend(),
                                     [&](const auto& r) { return r.second == field.name; });
    const std::string& old = rename == renames_.rend() ? field.name : rename->first;
    const Field* source = schema.field(old);
    plan.sources.push_back(source == nullptr ? Source{kMissing, false, old}
                                             : Source{source->index, source->schema != field.schema, {}});
  }
  plan.schema = builder.build();
  return plan;
}

bool ReplaceField::apply_with_schema(SchemaAndValue& side, RecordBatch& batch,
                                     Failure& failure) {
  if (!require_struct(side.value, kPurpose, failure)) return false;
  const StructData& data = side.value.as_struct();
  const Plan& plan = schemas_.get(*data.schema, [this](const Schema& s) { return derive(s); });
  const auto fields = plan.schema->fields();
  const auto values = batch.arena().make_array<Value>(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    const Source& source = plan.sources[i];
    if (source.index == kMissing) {
      return failure.fail(source.missing + " is not a valid field name");
    }
    values[i] = field_value(data, data.schema->fields()[source.index], replace_null_);
    const bool fits = source.check ? check_put(fields[i], values[i], failure)
                            : check_null(fields[i], values[i], failure);
    if (!fits) return false;
  }
  side.schema = batch.keep(plan.schema);
  side.value = make_struct(side.schema, values.data(), batch.arena());
  return true;
}

void register_replace_field(PluginTable& table) {
  add_sided<ReplaceField>(table, "ReplaceField");
}

}  // namespace millrace::transforms
