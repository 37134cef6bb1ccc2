#pragma once
// Appends one line per record to a file, or to standard output (FileStreamSinkTask).

#include <string>

#include "connectors/file/file_options.h"
#include "millrace/connector.h"

namespace millrace::file {

/// Java's PrintStream swallows write errors; here a failed write makes put() or flush() throw
/// RetriableException, and the next call goes on at the byte where it stopped: nothing is lost and
/// no line is written twice. flush() hands all to the operating system; it does not fsync, as Java
/// does not.
class FileStreamSinkTask final : public SinkTask {
 public:
  ~FileStreamSinkTask() override;
  void start(const Properties& config, SinkTaskContext& context) override;
  void put(RecordBatch& batch, std::stop_token stop) override;
  void flush(const OffsetMap& current) override;
  void stop() noexcept override;

 private:
  void write_out();

  SinkOptions options_;
  SinkTaskContext* context_ = nullptr;
  int fd_ = -1;
  std::string buffer_;      // lines not yet written
  size_t written_ = 0;      // bytes of buffer_ that are in the file
  bool rows_taken_ = false; // the batch of a retried put() is in buffer_ already
};

}  // namespace millrace::file
