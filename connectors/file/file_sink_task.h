#pragma once
// Appends one line per record to a file, or to standard output (FileStreamSinkTask).

#include <string>

#include "connectors/file/descriptor.h"
#include "connectors/file/file_options.h"
#include "millrace/connector.h"

namespace millrace::file {

/// Java's PrintStream swallows write errors; here a failed write loses nothing and repeats nothing.
/// put() writes at once, so that a reader of the file sees the lines. What could not be written
/// stays here, at most the lines of one batch: the next put() writes it first and throws
/// RetriableException without taking its own rows when that fails again, and pre_commit() lets no
/// offset be committed until then. Written means handed to the operating system; there is no fsync,
/// as in Java.
class FileStreamSinkTask final : public SinkTask {
 public:
  void start(const Properties& config, SinkTaskContext& context) override;
  void put(RecordBatch& batch, std::stop_token stop) override;
  /// Throws RetriableException while lines cannot be written.
  void flush(const OffsetMap& current) override;
  OffsetMap pre_commit(const OffsetMap& current) override;
  void stop() noexcept override;

 private:
  /// 0, or the error of the system.
  int write_out() noexcept;
  std::string failure(int error) const;

  SinkOptions options_;
  SinkTaskContext* context_ = nullptr;
  Descriptor output_;
  std::string buffer_;          // lines not yet written
  size_t written_ = 0;          // bytes of buffer_ that are in the file
  bool inside_a_line_ = false;  // the file ended so at start; the next row begins a new line
};

}  // namespace millrace::file
