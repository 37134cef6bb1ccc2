#include "connectors/feature_store/serving/http_request.h"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <ctime>

namespace millrace::feature_store {
namespace {

namespace http = boost::beast::http;

bool is_named(boost::beast::string_view name, std::string_view wanted) noexcept {
  if (name.size() != wanted.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const char c = name[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower != wanted[i]) return false;
  }
  return true;
}

/// The key of `ApiKey KEY` and `Bearer KEY`; empty: another scheme.
std::string_view key_of(std::string_view authorization) noexcept {
  for (const std::string_view scheme : {"apikey ", "bearer "}) {
    if (authorization.size() <= scheme.size()) continue;
    const boost::beast::string_view start(authorization.data(), scheme.size());
    if (is_named(start, scheme)) return authorization.substr(scheme.size());
  }
  return {};
}

void trim(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptBytes) text.shrink_to_fit();
}

/// As RFC 9110 has it, for this second.
std::string_view date_now() {
  thread_local std::time_t second = 0;
  thread_local char text[40];
  thread_local size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != second || size == 0) {
    second = now;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return {text, size};
}

}  // namespace

void HttpRequest::release() noexcept {
  pending_.fetch_sub(held_, std::memory_order_relaxed);
  held_ = 0;
}

void HttpRequest::clear() {
  release();
  trim(body);
  for (std::string* text : {&method, &target, &api_key, &min_offset, &wait_ms, &deadline_ms})
    text->clear();
  hosts = 0;
  version = 11;
  expects_continue = expects_other = has_transfer_encoding = overloaded = false;
}

bool HttpRequest::add_body(std::string_view bytes) {
  held_ += bytes.size();
  if (pending_.fetch_add(bytes.size(), std::memory_order_relaxed) + bytes.size() >
      kMaxPendingBodyBytes) {
    overloaded = true;
    return false;
  }
  body.append(bytes);
  return true;
}

Call HttpRequest::call() const {
  Call call;
  const std::string_view all = target;
  const size_t question = std::min(all.find('?'), all.size());
  call.method = method;
  call.path = all.substr(0, question);
  call.query = all.substr(std::min(question + 1, all.size()));
  call.body = body;
  call.api_key = api_key;
  call.min_offset = min_offset;
  call.wait_ms = wait_ms;
  call.deadline_ms = deadline_ms;
  return call;
}

HttpRequestParser::HttpRequestParser(HttpRequest& into, size_t max_body) : into_(into) {
  header_limit(kMaxHeaderBytes);
  body_limit(max_body);
  eager(true);
}

void HttpRequestParser::on_request_impl(http::verb, View method, View target, int version,
                                        ParseError&) {
  into_.method.assign(method.data(), method.size());
  into_.target.assign(target.data(), target.size());
  into_.version = static_cast<unsigned>(version);
}

void HttpRequestParser::on_field_impl(http::field name, View name_text, View value, ParseError&) {
  const std::string_view text(value.data(), value.size());
  switch (name) {
    case http::field::host:
      ++into_.hosts;
      return;
    case http::field::transfer_encoding:
      into_.has_transfer_encoding = true;
      return;
    case http::field::expect:
      (is_named(value, "100-continue") ? into_.expects_continue : into_.expects_other) = true;
      return;
    case http::field::authorization:
      if (into_.api_key.empty()) into_.api_key = key_of(text);
      return;
    case http::field::unknown:
      break;
    default:
      return;
  }
  if (is_named(name_text, "x-api-key")) into_.api_key = text;
  if (is_named(name_text, "x-min-offset")) into_.min_offset = text;
  if (is_named(name_text, "x-wait-ms")) into_.wait_ms = text;
  if (is_named(name_text, "x-deadline-ms")) into_.deadline_ms = text;
}

size_t HttpRequestParser::on_body_impl(View bytes, ParseError& error) {
  if (!into_.add_body({bytes.data(), bytes.size()})) error = http::error::buffer_overflow;
  return bytes.size();
}

size_t HttpRequestParser::on_chunk_body_impl(uint64_t, View bytes, ParseError& error) {
  return on_body_impl(bytes, error);
}

HttpRefusal refusal_of(const boost::beast::error_code& error, const HttpRequest& request) {
  if (request.overloaded) return {503, "The server is reading too many large requests; try again"};
  if (error == http::error::header_limit) return {431, "The header is larger than 16 KiB"};
  if (error == http::error::body_limit) return {413, "The body is larger than the server accepts"};
  const bool is_parse_error =
      error.category() == make_error_code(http::error::bad_target).category();
  const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
  if (!is_parse_error || ended) return {};
  return {400, "The request is no HTTP/1.1"};
}

HttpRefusal refusal_of(const HttpRequestParser& parser, const HttpRequest& request) {
  if (parser.is_header_done() && request.expects_other)
    return {417, "Expect may be 100-continue alone"};
  if (request.has_transfer_encoding && !parser.chunked())
    return {400, "Transfer-Encoding may be chunked alone"};
  const bool needs_host = request.version == 11;
  if (request.hosts > 1 || (needs_host && request.hosts == 0))
    return {400, "One Host header is needed"};
  return {};
}

void append_head(std::string& out, int status, size_t body_bytes, unsigned version,
                 bool keep_alive) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Length: {}\r\n",
                 status, std::string_view(reason.data(), reason.size()), date_now(), body_bytes);
  if (body_bytes > 0) out += "Content-Type: application/json\r\n";
  if (!keep_alive) {
    out += "Connection: close\r\n";
  } else if (version < 11) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

}  // namespace millrace::feature_store
