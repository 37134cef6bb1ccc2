#pragma once
// A file on its way into an object store.

#include <memory>
#include <string>

#include "connectors/lakehouse/storage/file_io.h"
#include "connectors/lakehouse/storage/s3_client.h"

namespace millrace::lakehouse {

/// One PUT for what fits in a part, else a multipart upload. Keeps at most one part in memory.
class S3Upload : public OutputFile {
 public:
  static constexpr size_t kPartBytes = size_t{5} << 20;  // the least S3 takes
  static constexpr int kMaxParts = 10'000;               // the most S3 takes

  S3Upload(std::shared_ptr<S3Client> client, std::string path);
  ~S3Upload() override;

  void write(std::span<const uint8_t> bytes) override;
  int64_t size() const noexcept override { return size_; }
  std::string path() const override { return path_; }
  void finish() override;

 private:
  S3Request request(const char* method) const;
  void begin();
  void send_part();
  void complete();
  /// What an upload that was repeated left behind.
  bool is_there();

  const std::shared_ptr<S3Client> client_;
  const std::string path_;
  const S3Place place_;
  std::string part_;
  std::string upload_id_;           // empty: none was begun
  std::vector<std::string> etags_;  // of the parts sent
  int64_t size_ = 0;
  bool finished_ = false;
};

}  // namespace millrace::lakehouse
