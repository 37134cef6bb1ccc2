#include <fmt/format.h>

#include <algorithm>

#include "connectors/avro/limits.h"
#include "connectors/avro/projection.h"
#include "connectors/avro/skip.h"
#include "millrace/errors.h"

namespace millrace::avro {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw DataException("reading an Avro value: " + what);
}

std::string type_of(const Node& type) {
  return type.is_named() ? type.name : std::string(kind_name(type.kind));
}

template <typename Number>
Value widen(Number number, Kind kind) {
  switch (kind) {
    case Kind::Long: return static_cast<int64_t>(number);
    case Kind::Float: return static_cast<float>(number);
    case Kind::Double: return static_cast<double>(number);
    default: return number;
  }
}

}  // namespace

class Decoder {
 public:
  using Step = Projection::Step;

  explicit Decoder(Reader& in) : in_(in), budget_(kFreeValues + in.remaining()) {}

  Value decode(const Step& step, int depth) {
    enter(depth);
    if (!step.fits) misfit(step);
    const Node& written = *step.written;
    switch (written.kind) {
      case Kind::Null: return {};
      case Kind::Boolean: return in_.read_boolean();
      case Kind::Int: return widen(in_.read_int(), step.read->kind);
      case Kind::Long: return widen(in_.read_long(), step.read->kind);
      case Kind::Float: return widen(in_.read_float(), step.read->kind);
      case Kind::Double: return in_.read_double();
      case Kind::Bytes:
      case Kind::String: return std::string(in_.read_bytes());
      case Kind::Fixed: return std::string(in_.read_fixed(written.size));
      case Kind::Enum: return symbol(step);
      case Kind::Record: return record(step, depth);
      case Kind::Array: return array(step, depth);
      case Kind::Map: return map(step, depth);
      case Kind::Union: break;
    }
    return decode(*step.members[in_.read_index(step.members.size())], depth + 1);
  }

  void check() const {
    if (in_.failed()) fail(in_.error());
  }

 private:
  void enter(int depth) {
    check();
    if (depth > kMaxValueDepth) fail("values are nested too deeply");
    if (budget_ == 0) fail("there are more values than bytes");
    --budget_;
  }

  [[noreturn]] static void misfit(const Step& step) {
    if (!step.missing.empty()) {
      fail(fmt::format("{} has no {}, which has no default", type_of(*step.written), step.missing));
    }
    fail(fmt::format("{} cannot be read as {}", type_of(*step.written), type_of(*step.read)));
  }

  Value symbol(const Step& step) {
    const std::vector<std::string>& written = step.written->symbols;
    const std::vector<std::string>& known = step.read->symbols;
    const size_t index = in_.read_index(written.size());
    check();
    if (std::find(known.begin(), known.end(), written[index]) != known.end()) return written[index];
    const auto otherwise = step.read->properties.find("default");
    if (otherwise == step.read->properties.end() || !otherwise->is_string()) {
      fail(fmt::format("\"{}\" is no symbol of {}", written[index], step.read->name));
    }
    return otherwise->get<std::string>();
  }

  Value record(const Step& step, int depth) {
    Record result;
    result.fields.resize(step.read->fields.size());
    for (const Projection::FieldStep& field : step.fields) {
      if (field.step == nullptr) {
        skip_value(in_, *field.written, depth + 1, budget_, SizedBlocks::Jump);
      } else {
        result.fields[field.target] = decode(*field.step, depth + 1);
      }
    }
    for (const auto& [target, value] : step.defaults) result.fields[target] = value;
    return result;
  }

  Value array(const Step& step, int depth) {
    Array result;
    for (int64_t count = in_.read_block(); count > 0; count = in_.read_block()) {
      for (; count > 0; --count) result.push_back(decode(*step.members[0], depth + 1));
    }
    return result;
  }

  Value map(const Step& step, int depth) {
    Map result;
    for (int64_t count = in_.read_block(); count > 0; count = in_.read_block()) {
      for (; count > 0; --count) {
        std::string key(in_.read_bytes());
        result.emplace_back(std::move(key), decode(*step.members[0], depth + 1));
      }
    }
    return result;
  }

  Reader& in_;
  uint64_t budget_;
};

Value Projection::decode(Reader& in) const {
  Decoder decoder(in);
  Value value = decoder.decode(*root_, 0);
  decoder.check();
  return value;
}

}  // namespace millrace::avro
