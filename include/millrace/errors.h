#pragma once
// Exceptions of the control plane. The data plane never throws per record: it marks rows
// (RecordBatch::reject). Names and `java_class` follow org.apache.kafka.connect.errors, because
// operators match on them in `trace` fields and in dead letter headers.

#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace {

/// What kind of failure this is; decides the Java class name shown to users and the REST status.
enum class ErrorKind : uint8_t {
  Connect,        // org.apache.kafka.connect.errors.ConnectException
  Retriable,      // ...RetriableException: the caller may try the same work again
  Data,           // ...DataException: a record does not fit its schema or format
  SchemaBuilder,    // ...SchemaBuilderException
  SchemaProjector,  // ...SchemaProjectorException
  IllegalWorkerState,
  NotFound,
  AlreadyExists,
  Config,         // org.apache.kafka.common.config.ConfigException
  Serialization,  // org.apache.kafka.common.errors.SerializationException
  InvalidRecord,  // org.apache.kafka.common.errors.InvalidRecordException
  Timeout,        // org.apache.kafka.common.errors.TimeoutException
  RecordTooLarge,
  Authentication,
  Authorization,
  Kafka,        // org.apache.kafka.common.KafkaException: any other broker or client failure
  Unsupported,  // java.lang.UnsupportedOperationException
  IllegalArgument,
  IndexOutOfBounds,
  NullPointer,
  NoSuchFile,    // java.nio.file.NoSuchFileException
  AccessDenied,  // java.nio.file.AccessDeniedException
  FileSystem,    // java.nio.file.FileSystemException: any other failure of a file operation
  Internal,  // a plugin threw something that is not a millrace::Error
};

/// Fully qualified Java class name users know for `kind`. Static storage.
std::string_view java_class_name(ErrorKind kind) noexcept;

/// What brought an error about, and what brought that about: the `Caused by` of an error that is
/// kept rather than thrown. Immutable, so copies share it.
struct ErrorCause {
  ErrorKind kind = ErrorKind::Internal;
  std::string message = {};
  std::shared_ptr<const ErrorCause> cause = {};
};
using ErrorCausePtr = std::shared_ptr<const ErrorCause>;

/// Base of all exceptions thrown by the worker and by plugins.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }
  bool retriable() const noexcept {
    return kind_ == ErrorKind::Retriable || kind_ == ErrorKind::Timeout;
  }

 private:
  ErrorKind kind_;
};

/// One exception class per kind that callers catch by type.
template <ErrorKind Kind>
class ErrorOf : public Error {
 public:
  explicit ErrorOf(const std::string& message) : Error(Kind, message) {}
};

using ConnectException = ErrorOf<ErrorKind::Connect>;
using RetriableException = ErrorOf<ErrorKind::Retriable>;
using DataException = ErrorOf<ErrorKind::Data>;
using SchemaBuilderException = ErrorOf<ErrorKind::SchemaBuilder>;
using NotFoundException = ErrorOf<ErrorKind::NotFound>;
using AlreadyExistsException = ErrorOf<ErrorKind::AlreadyExists>;
using ConfigException = ErrorOf<ErrorKind::Config>;
using TimeoutException = ErrorOf<ErrorKind::Timeout>;
using KafkaException = ErrorOf<ErrorKind::Kafka>;
using UnsupportedException = ErrorOf<ErrorKind::Unsupported>;

/// Text for a `trace` field: `<java class>: <message>` and, for nested exceptions
/// (std::throw_with_nested), `\nCaused by: <java class>: <message>` lines. Never empty.
std::string describe(const std::exception& error);
/// The same text for an error that is kept. `cause` may be null.
std::string describe(ErrorKind kind, const std::string& message, const ErrorCause* cause);
/// The nested exceptions of `error`; null when it has none.
ErrorCausePtr cause_of(const std::exception& error);
/// Throws an Error with `cause` and its causes nested in it. `cause` may be null.
[[noreturn]] void throw_with_cause(ErrorKind kind, const std::string& message,
                                   const ErrorCause* cause);
/// The same text for an exception that is carried, not null.
std::string describe(const std::exception_ptr& error);
/// As describe() for the exception being handled; call inside a catch block.
std::string describe_current_exception();

}  // namespace millrace
