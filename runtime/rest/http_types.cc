#include "runtime/rest/http_types.h"

#include "runtime/rest/json_writer.h"

namespace millrace::rest {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) noexcept {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void HttpHeaders::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return equal_ignoring_case(field.first, name); });
  add(std::move(name), std::move(value));
}

const std::string* HttpHeaders::find(std::string_view name) const noexcept {
  for (const auto& [key, value] : fields_) {
    if (equal_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

std::string HttpHeaders::joined(std::string_view name) const {
  std::string result;
  for (const auto& [key, value] : fields_) {
    if (!equal_ignoring_case(key, name)) continue;
    if (!result.empty()) result += ", ";
    result += value;
  }
  return result;
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Request Entity Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

HttpResponse json_response(int status, std::string json) {
  HttpResponse response{status, std::move(json), {}};
  response.headers.add("Content-Type", "application/json");
  return response;
}

HttpResponse error_response(int status, std::string_view message) {
  JsonWriter json;
  json.begin_object().key("error_code").number(status).key("message").string(message).end_object();
  return json_response(status, json.take());
}

std::string framework_message(int status) {
  return "HTTP " + std::to_string(status) + " " + std::string(reason_phrase(status));
}

HttpResponse framework_error(int status) {
  return error_response(status, framework_message(status));
}

}  // namespace millrace::rest
