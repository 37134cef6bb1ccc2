#include "connectors/lakehouse/storage/s3_upload.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/lakehouse/storage/s3_errors.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kLogger = "millrace.lakehouse.S3Upload";

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

S3Upload::S3Upload(std::shared_ptr<S3Client> client, std::string path)
    : client_(std::move(client)), path_(std::move(path)), place_(s3_place(path_)) {}

S3Upload::~S3Upload() {
  if (finished_ || upload_id_.empty()) return;
  // Parts of an upload that is never ended cost money and show nowhere.
  try {
    S3Request abort = request("DELETE");
    abort.action = "aborting the upload of";
    abort.query = {{"uploadId", upload_id_}};
    abort.expected = {404};
    client_->send(abort);
  } catch (const std::exception& error) {
    log(LogLevel::Warn, kLogger, error.what());
  }
}

S3Request S3Upload::request(const char* method) const {
  S3Request made;
  made.action = "writing";
  made.path = path_;
  made.method = method;
  made.bucket = place_.bucket;
  made.key = place_.key;
  return made;
}

void S3Upload::write(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    if (part_.size() == kPartBytes) send_part();
    const size_t count = std::min(bytes.size(), kPartBytes - part_.size());
    part_.append(reinterpret_cast<const char*>(bytes.data()), count);
    size_ += static_cast<int64_t>(count);
    bytes = bytes.subspan(count);
  }
}

void S3Upload::begin() {
  S3Request begin = request("POST");
  begin.query = {{"uploads", ""}};
  const S3Response response = client_->send(begin);
  upload_id_ = xml_text(response.http.body, "UploadId");
  if (upload_id_.empty()) {
    throw ConnectException("writing " + path_ + ": the server began no multipart upload");
  }
}

void S3Upload::send_part() {
  if (upload_id_.empty()) begin();
  if (etags_.size() == static_cast<size_t>(kMaxParts)) {
    throw ConnectException(fmt::format("writing {}: a file can have {} bytes at most", path_,
                                       kPartBytes * static_cast<size_t>(kMaxParts)));
  }
  S3Request send = request("PUT");
  send.query = {{"partNumber", std::to_string(etags_.size() + 1)}, {"uploadId", upload_id_}};
  send.body = part_;
  const S3Response response = client_->send(send);
  const std::string* etag = response.http.header("etag");
  if (etag == nullptr)
    throw ConnectException("writing " + path_ + ": a part came back without ETag");
  etags_.push_back(*etag);
  part_.clear();
}

bool S3Upload::is_there() {
  S3Request head = request("HEAD");
  head.expected = {404};
  const S3Response response = client_->send(head);
  const std::string* length = response.http.header("content-length");
  return response.http.status == 200 && length != nullptr && *length == std::to_string(size_);
}

void S3Upload::complete() {
  std::string body = "<CompleteMultipartUpload>";
  for (size_t i = 0; i < etags_.size(); ++i) {
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                        xml_escaped(etags_[i]));
  }
  body += "</CompleteMultipartUpload>";
  S3Request end = request("POST");
  end.query = {{"uploadId", upload_id_}};
  end.headers = {{"content-type", "application/xml"}};
  end.body = body;
  end.expected = {404};
  const S3Response response = client_->send(end);
  const std::string code = xml_text(response.http.body, "Code");
  if (response.http.status == 200 && code.empty()) return;
  // Of two tries the first may have done it, with its answer lost.
  if (code == "NoSuchUpload" && response.tries > 1 && is_there()) return;
  const std::string why =
      fmt::format("writing {}: ending the upload: HTTP {} {}: {}", path_, response.http.status,
                  code, xml_text(response.http.body, "Message"));
  // The status was sent before the server knew.
  if (response.http.status == 200) throw RetriableException(why);
  throw ConnectException(why);
}

void S3Upload::finish() {
  if (upload_id_.empty()) {
    S3Request put = request("PUT");
    put.body = part_;
    client_->send(put);
  } else {
    if (!part_.empty()) send_part();
    complete();
  }
  finished_ = true;
  part_ = {};
}

}  // namespace millrace::lakehouse
