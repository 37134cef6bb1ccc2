#pragma once
// Objects of documents that people and servers write: members with their kind checked, and the
// place in the document in every message.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/avro/schema.h"

namespace millrace::feature_store {

using Json = avro::Json;

inline constexpr size_t kMaxDocumentBytes = size_t{16} << 20;
inline constexpr int kMaxDocumentDepth = 128;  // a schema of kMaxSchemaDepth fits

/// Refuses text that is too long, too deep, no JSON, or has a member twice. Throws ConfigException
/// that begins with `reading ORIGIN`.
Json parse_document(std::string_view text, const std::string& origin);

/// What one document is called in messages, and where its warnings go.
struct DocumentContext {
  std::string origin = {};
  std::vector<std::string>* warnings =
      nullptr;  // null: members that are not known are nobody's business
};

/// Throws ConfigException `reading ORIGIN: PLACE: WHAT`.
[[noreturn]] void fail_at(const DocumentContext& context, const std::string& place,
                          const std::string& what);

/// Views one object; lives no longer than the document and the context. All throw ConfigException
/// for members of another kind. A member that is null is not there.
class JsonObject {
 public:
  JsonObject(const Json& json, std::string place, const DocumentContext& context);

  const Json* find(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::string required_text(std::string_view name);  // not empty
  std::optional<int64_t> whole(std::string_view name, int64_t least = 0,
                               int64_t most = std::numeric_limits<int64_t>::max());
  int64_t required_whole(std::string_view name, int64_t least = 0,
                         int64_t most = std::numeric_limits<int64_t>::max());
  std::optional<bool> flag(std::string_view name);
  std::vector<std::string> texts(std::string_view name);  // none of them empty
  std::optional<JsonObject> object(std::string_view name);
  /// Calls `each` for all items of a list, with their places.
  void list(std::string_view name, const std::function<void(const Json&, std::string)>& each);
  /// Calls `each` for all members of an object, with their names and places.
  void members(std::string_view name,
               const std::function<void(const std::string&, const Json&, std::string)>& each);

  std::string place(std::string_view name) const;
  const DocumentContext& context() const noexcept { return context_; }
  [[noreturn]] void fail(std::string_view name, const std::string& what) const;
  /// Warns of members that nobody asked for, with the nearest name that somebody did.
  void warn_of_others() const;

 private:
  const Json& json_;
  std::string place_;
  const DocumentContext& context_;
  std::vector<std::string> known_;
};

/// Of a value itself.
std::string as_text(const Json& json, const std::string& place, const DocumentContext& context);
std::vector<std::string> as_texts(const Json& json, const std::string& place,
                                  const DocumentContext& context);
std::string_view kind_of_json(const Json& json);  // `a number`

}  // namespace millrace::feature_store
