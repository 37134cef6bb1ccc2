#include "connectors/feature_store/model/json_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "millrace/errors.h"
#include "millrace/nearest.h"

namespace millrace::feature_store {
namespace {

constexpr size_t kMaxShown = 40;    // bytes of a value in messages
constexpr size_t kMaxReason = 300;  // of the parser's words

std::string shown(const Json& json) {
  std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMaxShown) text = text.substr(0, kMaxShown) + "...";
  return text;
}

/// Stops the parser where a document goes too deep or says something twice.
class Guard {
 public:
  explicit Guard(const std::string& origin) : origin_(origin) {}

  bool operator()(int, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      open_.emplace_back();
      if (open_.size() <= kMaxDocumentDepth) return true;
      throw ConfigException(fmt::format("reading {}: it is nested deeper than {} levels", origin_,
                                        kMaxDocumentDepth));
    }
    if (event == Event::object_end || event == Event::array_end) open_.pop_back();
    if (event == Event::key && !open_.back().insert(parsed.get<std::string>()).second) {
      throw ConfigException(
          fmt::format("reading {}: the member {} is twice in one object", origin_, shown(parsed)));
    }
    return true;
  }

 private:
  const std::string& origin_;
  std::vector<std::set<std::string>> open_ = {};
};

}  // namespace

Json parse_document(std::string_view text, const std::string& origin) {
  if (text.size() > kMaxDocumentBytes) {
    throw ConfigException(
        fmt::format("reading {}: it has more than {} bytes", origin, kMaxDocumentBytes));
  }
  try {
    Guard guard(origin);
    return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& parsed) {
      return guard(depth, event, parsed);
    });
  } catch (const Json::exception& error) {
    const std::string_view why(error.what());  // may quote the document
    throw ConfigException(
        fmt::format("reading {}: it is no JSON: {}", origin, why.substr(0, kMaxReason)));
  }
}

void fail_at(const DocumentContext& context, const std::string& place, const std::string& what) {
  throw ConfigException(
      fmt::format("reading {}: {}{}{}", context.origin, place, place.empty() ? "" : ": ", what));
}

std::string_view kind_of_json(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "a text";
    case Json::value_t::boolean:
      return "a boolean";
    default:
      return "a number";
  }
}

std::string as_text(const Json& json, const std::string& place, const DocumentContext& context) {
  if (!json.is_string())
    fail_at(context, place, fmt::format("a text is wanted, not {}", kind_of_json(json)));
  return json.get<std::string>();
}

std::vector<std::string> as_texts(const Json& json, const std::string& place,
                                  const DocumentContext& context) {
  if (!json.is_array()) {
    fail_at(context, place, fmt::format("a list of texts is wanted, not {}", kind_of_json(json)));
  }
  std::vector<std::string> result;
  for (const Json& item : json) {
    const std::string inner = fmt::format("{}[{}]", place, result.size());
    result.push_back(as_text(item, inner, context));
    if (result.back().empty()) fail_at(context, inner, "it is empty");
  }
  return result;
}

JsonObject::JsonObject(const Json& json, std::string place, const DocumentContext& context)
    : json_(json), place_(std::move(place)), context_(context) {
  if (json.is_object()) return;
  fail_at(context, place_, fmt::format("an object is wanted, not {}", kind_of_json(json)));
}

std::string JsonObject::place(std::string_view name) const {
  return place_.empty() ? std::string(name) : fmt::format("{}.{}", place_, name);
}

void JsonObject::fail(std::string_view name, const std::string& what) const {
  fail_at(context_, place(name), what);
}

const Json* JsonObject::find(std::string_view name) {
  if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.emplace_back(name);
  const auto found = json_.find(std::string(name));
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> JsonObject::text(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  return as_text(*found, place(name), context_);
}

std::string JsonObject::required_text(std::string_view name) {
  std::optional<std::string> found = text(name);
  if (!found) fail(name, "it is missing");
  if (found->empty()) fail(name, "it is empty");
  return *std::move(found);
}

std::optional<int64_t> JsonObject::whole(std::string_view name, int64_t least, int64_t most) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  const bool fits =
      found->is_number_integer() &&
      (!found->is_number_unsigned() ||
       found->get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) &&
      found->get<int64_t>() >= least && found->get<int64_t>() <= most;
  if (!fits) {
    fail(name, fmt::format("a whole number from {} to {} is wanted, not {}", least, most,
                           found->is_number() ? shown(*found) : kind_of_json(*found)));
  }
  return found->get<int64_t>();
}

int64_t JsonObject::required_whole(std::string_view name, int64_t least, int64_t most) {
  const std::optional<int64_t> found = whole(name, least, most);
  if (!found) fail(name, "it is missing");
  return *found;
}

std::optional<bool> JsonObject::flag(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_boolean()) {
    fail(name, fmt::format("true or false is wanted, not {}", kind_of_json(*found)));
  }
  return found->get<bool>();
}

std::vector<std::string> JsonObject::texts(std::string_view name) {
  const Json* found = find(name);
  return found == nullptr ? std::vector<std::string>{} : as_texts(*found, place(name), context_);
}

std::optional<JsonObject> JsonObject::object(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  return JsonObject(*found, place(name), context_);
}

void JsonObject::list(std::string_view name,
                      const std::function<void(const Json&, std::string)>& each) {
  const Json* found = find(name);
  if (found == nullptr) return;
  if (!found->is_array()) fail(name, fmt::format("a list is wanted, not {}", kind_of_json(*found)));
  size_t index = 0;
  for (const Json& item : *found) each(item, fmt::format("{}[{}]", place(name), index++));
}

void JsonObject::members(
    std::string_view name,
    const std::function<void(const std::string&, const Json&, std::string)>& each) {
  const Json* found = find(name);
  if (found == nullptr) return;
  if (!found->is_object()) {
    fail(name, fmt::format("an object is wanted, not {}", kind_of_json(*found)));
  }
  for (const auto& [key, value] : found->items()) {
    each(key, value, fmt::format("{}.{}", place(name), key));
  }
}

void JsonObject::warn_of_others() const {
  if (context_.warnings == nullptr) return;
  for (const auto& [key, value] : json_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::vector<std::string> near = nearest_names(key, known_, 1);
    context_.warnings->push_back(
        fmt::format("reading {}: {} is not known and is left out{}", context_.origin, place(key),
                    near.empty() ? "" : fmt::format("; is {} meant?", near.front())));
  }
}

}  // namespace millrace::feature_store
