#pragma once
// What Arrow writes to, over an OutputFile.

#include <arrow/io/interfaces.h>

#include <exception>
#include <memory>

#include "connectors/lakehouse/storage/file_io.h"

namespace millrace::lakehouse {

/// Exceptions of the file do not pass through Arrow: they are kept, and Arrow is told of a failure.
class OutputStream : public arrow::io::OutputStream {
 public:
  explicit OutputStream(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}

  OutputFile& file() noexcept { return *file_; }
  const OutputFile& file() const noexcept { return *file_; }
  /// What the file threw, if it did.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }
  /// Nothing more is written: a writer that is given up writes a footer all the same.
  void abandon() noexcept { open_ = false; }

  arrow::Status Write(const void* data, int64_t size) override {
    if (!open_ || error_) return arrow::Status::IOError("the file is closed");
    try {
      file_->write({static_cast<const uint8_t*>(data), static_cast<size_t>(size)});
      return arrow::Status::OK();
    } catch (...) {
      error_ = std::current_exception();
      return arrow::Status::IOError("writing the file");
    }
  }
  arrow::Status Close() override {
    open_ = false;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Tell() const override { return file_->size(); }
  bool closed() const override { return !open_; }

 private:
  std::unique_ptr<OutputFile> file_;
  std::exception_ptr error_;
  bool open_ = true;
};

}  // namespace millrace::lakehouse
