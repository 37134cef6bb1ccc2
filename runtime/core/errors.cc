#include "millrace/errors.h"

#include <exception>

namespace millrace {

std::string_view java_class_name(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::Connect:
      return "org.apache.kafka.connect.errors.ConnectException";
    case ErrorKind::Retriable:
      return "org.apache.kafka.connect.errors.RetriableException";
    case ErrorKind::Data:
      return "org.apache.kafka.connect.errors.DataException";
    case ErrorKind::SchemaBuilder:
      return "org.apache.kafka.connect.errors.SchemaBuilderException";
    case ErrorKind::SchemaProjector:
      return "org.apache.kafka.connect.errors.SchemaProjectorException";
    case ErrorKind::IllegalWorkerState:
      return "org.apache.kafka.connect.errors.IllegalWorkerStateException";
    case ErrorKind::NotFound:
      return "org.apache.kafka.connect.errors.NotFoundException";
    case ErrorKind::AlreadyExists:
      return "org.apache.kafka.connect.errors.AlreadyExistsException";
    case ErrorKind::Config:
      return "org.apache.kafka.common.config.ConfigException";
    case ErrorKind::Serialization:
      return "org.apache.kafka.common.errors.SerializationException";
    case ErrorKind::InvalidRecord:
      return "org.apache.kafka.common.errors.InvalidRecordException";
    case ErrorKind::Timeout:
      return "org.apache.kafka.common.errors.TimeoutException";
    case ErrorKind::RecordTooLarge:
      return "org.apache.kafka.common.errors.RecordTooLargeException";
    case ErrorKind::Authentication:
      return "org.apache.kafka.common.errors.AuthenticationException";
    case ErrorKind::Authorization:
      return "org.apache.kafka.common.errors.AuthorizationException";
    case ErrorKind::Kafka:
      return "org.apache.kafka.common.KafkaException";
    case ErrorKind::Unsupported:
      return "java.lang.UnsupportedOperationException";
    case ErrorKind::IndexOutOfBounds:
      return "java.lang.IndexOutOfBoundsException";
    case ErrorKind::IllegalArgument:
      return "java.lang.IllegalArgumentException";
    case ErrorKind::NullPointer:
      return "java.lang.NullPointerException";
    case ErrorKind::NoSuchFile:
      return "java.nio.file.NoSuchFileException";
    case ErrorKind::AccessDenied:
      return "java.nio.file.AccessDeniedException";
    case ErrorKind::FileSystem:
      return "java.nio.file.FileSystemException";
    case ErrorKind::Internal:
      break;
  }
  return "java.lang.RuntimeException";
}

namespace {

constexpr const char* kNoException = "something that is not an exception was thrown";

ErrorKind kind_of(const std::exception& error) noexcept {
  const auto* known = dynamic_cast<const Error*>(&error);
  return known != nullptr ? known->kind() : ErrorKind::Internal;
}

}  // namespace

std::string describe(const std::exception& error) {
  return describe(kind_of(error), error.what(), cause_of(error).get());
}

std::string describe(ErrorKind kind, const std::string& message, const ErrorCause* cause) {
  std::string text(java_class_name(kind));
  text += ": ";
  text += message;
  if (cause != nullptr) {
    text += "\nCaused by: " + describe(cause->kind, cause->message, cause->cause.get());
  }
  return text;
}

namespace {

ErrorCausePtr current_as_cause() {
  try {
    throw;
  } catch (const std::exception& error) {
    return std::make_shared<ErrorCause>(
        ErrorCause{kind_of(error), error.what(), cause_of(error)});
  } catch (...) {
    return std::make_shared<ErrorCause>(ErrorCause{ErrorKind::Internal, kNoException, {}});
  }
}

}  // namespace

ErrorCausePtr cause_of(const std::exception& error) {
  try {
    std::rethrow_if_nested(error);
  } catch (...) {
    return current_as_cause();
  }
  return nullptr;
}

void throw_with_cause(ErrorKind kind, const std::string& message, const ErrorCause* cause) {
  if (cause == nullptr) throw Error(kind, message);
  try {
    throw_with_cause(cause->kind, cause->message, cause->cause.get());
  } catch (...) {
    std::throw_with_nested(Error(kind, message));
  }
}

std::string describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (...) {
    return describe_current_exception();
  }
}

std::string describe_current_exception() {
  try {
    throw;
  } catch (const std::exception& error) {
    return describe(error);
  } catch (...) {
    return std::string(java_class_name(ErrorKind::Internal)) +
           ": " + kNoException;
  }
}

}  // namespace millrace
