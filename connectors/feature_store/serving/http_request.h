#pragma once
// One request as it comes over a connection.

#include <atomic>
#include <boost/beast/http/basic_parser.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/feature_store/serving/call.h"

namespace millrace::feature_store {

inline constexpr uint32_t kMaxHeaderBytes = 16 * 1024;
/// Bodies being read, of all connections of a server.
inline constexpr size_t kMaxPendingBodyBytes = size_t{64} << 20;
inline constexpr size_t kKeptBytes = size_t{256}
                                     << 10;  // capacity of a buffer over the end of a request

/// What a request consists of. Buffers are kept from one to the next.
class HttpRequest {
 public:
  explicit HttpRequest(std::atomic<size_t>& pending) : pending_(pending) {}
  ~HttpRequest() { release(); }
  HttpRequest(const HttpRequest&) = delete;
  HttpRequest& operator=(const HttpRequest&) = delete;

  void clear();
  /// False: all connections together hold too much.
  bool add_body(std::string_view bytes);
  Call call() const;

  std::string method = {};
  std::string target = {};
  std::string body = {};
  std::string api_key = {};
  std::string min_offset = {};
  std::string wait_ms = {};
  std::string deadline_ms = {};
  int hosts = 0;
  unsigned version = 11;  // 10: HTTP/1.0
  bool expects_continue = false;
  bool expects_other = false;
  bool has_transfer_encoding = false;
  bool overloaded = false;

 private:
  void release() noexcept;
  std::atomic<size_t>& pending_;
  size_t held_ = 0;
};

/// Reads into an HttpRequest, keeping the headers that matter. For one request.
class HttpRequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  HttpRequestParser(HttpRequest& into, size_t max_body);
  using basic_parser::is_header_done;

 private:
  using ParseError = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, View method, View target, int,
                       ParseError&) override;
  void on_response_impl(int, View, int, ParseError&) override {}
  void on_field_impl(boost::beast::http::field name, View name_text, View value,
                     ParseError&) override;
  void on_header_impl(ParseError&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, ParseError&) override {}
  size_t on_body_impl(View bytes, ParseError& error) override;
  void on_chunk_header_impl(uint64_t, View, ParseError&) override {}
  size_t on_chunk_body_impl(uint64_t, View bytes, ParseError& error) override;
  void on_finish_impl(ParseError&) override {}

  HttpRequest& into_;
};

/// Why a request is answered without asking the API.
struct HttpRefusal {
  int status = 0;  // 0: the connection just ended
  std::string_view message = {};
};
HttpRefusal refusal_of(const boost::beast::error_code& error, const HttpRequest& request);
/// Of a whole header; status 0: fine.
HttpRefusal refusal_of(const HttpRequestParser& parser, const HttpRequest& request);

/// Status line and headers, with `Date`. `version` is 10 or 11.
void append_head(std::string& out, int status, size_t body_bytes, unsigned version,
                 bool keep_alive);

}  // namespace millrace::feature_store
