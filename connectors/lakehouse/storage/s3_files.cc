#include "connectors/lakehouse/storage/s3_files.h"

#include "connectors/lakehouse/storage/s3_client.h"
#include "connectors/lakehouse/storage/s3_upload.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr size_t kMaxReadBytes = size_t{512} << 20;
constexpr int kMaxListPages = 1'000;  // of 1,000 names each

S3Request request(const char* action, const char* method, const std::string& path) {
  S3Place place = s3_place(path);
  S3Request made;
  made.action = action;
  made.path = path;
  made.method = method;
  made.bucket = std::move(place.bucket);
  made.key = std::move(place.key);
  return made;
}

class S3Files : public FileIO {
 public:
  S3Files(const Properties& settings, RenewCredentials renew)
      : client_(std::make_shared<S3Client>(settings, std::move(renew))) {}

  std::unique_ptr<OutputFile> create(const std::string& path) override {
    return std::make_unique<S3Upload>(client_, path);
  }

  std::string read(const std::string& path) override {
    S3Request get = request("reading", "GET", path);
    get.most_bytes = kMaxReadBytes;
    return client_->send(get).http.body;
  }

  bool exists(const std::string& path) override {
    S3Request head = request("looking for", "HEAD", path);
    head.expected = {404};
    return client_->send(head).http.status == 200;
  }

  std::vector<std::string> list(const std::string& folder) override {
    S3Request get = request("listing", "GET", folder);
    const std::string prefix = get.key.ends_with('/') ? get.key : get.key + "/";
    get.key.clear();
    get.most_bytes = kMaxReadBytes;
    std::vector<std::string> names;
    std::string from;
    for (int page = 0; page < kMaxListPages; ++page) {
      get.query = {{"list-type", "2"}, {"prefix", prefix}, {"delimiter", "/"}};
      if (!from.empty()) get.query.emplace_back("continuation-token", from);
      const std::string document = client_->send(get).http.body;
      for (const std::string& key : xml_texts(document, "Key")) {
        if (key.size() > prefix.size()) names.push_back(key.substr(prefix.size()));
      }
      from = xml_text(document, "NextContinuationToken");
      if (from.empty()) return names;
    }
    throw ConnectException("listing " + folder + ": it has too many files");
  }

  bool publish(const std::string& path, std::string_view bytes) override {
    S3Request put = request("publishing", "PUT", path);
    put.headers = {{"if-none-match", "*"}};
    put.body = bytes;
    put.is_idempotent = false;  // a repeated one would be refused for the first one's sake
    put.expected = {412};
    return client_->send(put).http.status != 412;
  }

  void remove(const std::string& path) override {
    S3Request remove = request("removing", "DELETE", path);
    remove.expected = {404};
    client_->send(remove);
  }

 private:
  std::shared_ptr<S3Client> client_;
};

}  // namespace

bool is_s3_scheme(std::string_view scheme) {
  return scheme == "s3" || scheme == "s3a" || scheme == "s3n";
}

std::shared_ptr<FileIO> s3_files(const Properties& settings, RenewCredentials renew) {
  return std::make_shared<S3Files>(settings, std::move(renew));
}

}  // namespace millrace::lakehouse
