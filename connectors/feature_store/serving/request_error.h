#pragma once
// Requests that are refused as a whole (feature-store-sink.md §13.1).

#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/errors.h"

namespace millrace::feature_store {

/// `code` of error bodies.
enum class ErrorCode : uint8_t {
  ViewAbsent = 1,
  StoreAbsent,
  GroupAbsent,
  GroupMetadata,
  StoreMetadata,
  ViewMetadata,
  JoinMetadata,
  FeatureMetadata,
  MetadataCache,
  WrongType,
  FeatureAbsent,
  WrongKey,
  WrongPassedFeature,
  ReadFailed,
  NoKey,
  BadValue,
  NotShared,
  BadInput,
  ComplexDecode,
};
std::string_view reason_of(ErrorCode code) noexcept;
int status_of(ErrorCode code) noexcept;

class RequestError : public Error {
 public:
  RequestError(ErrorCode code, const std::string& message)
      : RequestError(code, status_of(code), message) {}
  RequestError(ErrorCode code, int status, const std::string& message)
      : Error(ErrorKind::IllegalArgument, message), code_(code), status_(status) {}
  ErrorCode code() const noexcept { return code_; }
  int status() const noexcept { return status_; }

 private:
  ErrorCode code_;
  int status_;
};

/// `{"code":n,"reason":"...","message":"..."}`
void append_error(std::string& out, ErrorCode code, std::string_view message);

}  // namespace millrace::feature_store
