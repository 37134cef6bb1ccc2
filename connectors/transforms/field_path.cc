#include "connectors/transforms/field_path.h"

namespace millrace::transforms {
namespace {

constexpr std::string_view kNested = "nested field access";

/// Characters as Java counts them.
size_t utf16_units(std::string_view text) noexcept {
  size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

/// Reads the V2 syntax: steps between dots, in backticks those that contain dots themselves.
class PathReader {
 public:
  explicit PathReader(std::string_view path) : path_(path) {}

  std::vector<std::string> read() {
    while (at_ < path_.size()) path_[at_] == '`' ? quoted() : plain();
    if (path_.ends_with('.')) steps_.emplace_back();
    return std::move(steps_);
  }

 private:
  void plain() {
    const size_t dot = path_.find('.', at_);
    steps_.emplace_back(path_.substr(at_, dot - at_));
    at_ = dot == std::string_view::npos ? path_.size() : dot + 1;
  }

  void quoted() {
    const size_t opening = at_;
    size_t from = ++at_;
    std::string step;
    while (true) {
      at_ = path_.find('`', at_);
      if (at_ == std::string_view::npos) incomplete(opening);
      const bool escaped = path_[at_ - 1] == '\\';
      const bool last = at_ + 1 >= path_.size();
      if (last && escaped) incomplete(opening);
      if (!last && path_[at_ + 1] != '.') {  // neither closes nor needs its backslash
        ++at_;
        continue;
      }
      if (!escaped) {
        steps_.push_back(step.append(path_.substr(from, at_ - from)));
        at_ += 2;
        return;
      }
      step.append(path_.substr(from, at_ - 1 - from)) += '`';
      from = ++at_;
    }
  }

  [[noreturn]] void incomplete(size_t opening) const {
    throw ConfigException("Incomplete backtick pair in path: [" + std::string(path_) +
                          "], consider adding a backslash before backtick at position " +
                          std::to_string(utf16_units(path_.substr(0, opening))) +
                          " to escape it");
  }

  std::string_view path_;
  size_t at_ = 0;
  std::vector<std::string> steps_;
};

}  // namespace

KeySpec field_syntax_spec() {
  return {.name = "field.syntax.version",
          .importance = Importance::High,
          .doc = "How fields are named. `V1`: a field of the struct or map itself. `V2`: also a "
                 "nested one, as names joined by dots; a name that contains dots is put in "
                 "backticks.",
          .validator = one_of_ignoring_case({"V1", "V2"})};
}

FieldPath::FieldPath(std::string_view path, std::string_view version) {
  if (version == "V2" || version == "v2") {
    steps_ = PathReader(path).read();
  } else {
    steps_.emplace_back(path);
  }
}

bool FieldPath::check_steps(Failure& failure) const {
  return !steps_.empty() ||
         failure.fail("fromIndex(0) > toIndex(-1)", ErrorKind::IllegalArgument);
}

bool FieldPath::find_field(const Schema& schema, const Field*& out, Failure& failure) const {
  out = nullptr;
  if (!check_steps(failure)) return false;
  const Schema* current = &schema;
  for (const std::string& step : steps_) {
    if (current->type() != Type::Struct) {
      return failure.fail("Cannot look up fields on non-struct type");
    }
    out = current->field(step);
    if (out == nullptr) return true;
    current = out->schema.get();
  }
  return true;
}

bool FieldPath::value_of(const StructData& data, bool with_default, Value& out,
                         Failure& failure) const {
  if (!check_steps(failure)) return false;
  const StructData* current = &data;
  for (size_t i = 0;; ++i) {
    const Field* field = current->schema->field(steps_[i]);
    const bool last = i + 1 == steps_.size();
    out = field == nullptr ? Value() : field_value(*current, *field, with_default || !last);
    if (last || out.is_null()) return true;
    if (!require_struct(out, kNested, failure)) return false;
    current = &out.as_struct();
  }
}

bool FieldPath::value_of_map(const Value& map, Value& out, Failure& failure) const {
  if (!check_steps(failure)) return false;
  out = map;
  for (size_t i = 0;; ++i) {
    const Value* found = find_entry(out, steps_[i]);
    out = found == nullptr ? Value() : *found;
    if (i + 1 == steps_.size() || out.is_null()) return true;
    if (!require_map(out, kNested, failure)) return false;
  }
}

}  // namespace millrace::transforms
