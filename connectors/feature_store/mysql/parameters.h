#pragma once
// Values of a statement's question marks.

#include <cstdint>
#include <memory>
#include <string_view>

namespace millrace::feature_store {

/// Filled in order, and again after clear(). Texts and bytes must outlive the statement's
/// execution.
class Parameters {
 public:
  Parameters();
  ~Parameters();
  Parameters(Parameters&&) noexcept;
  Parameters& operator=(Parameters&&) noexcept;

  void clear() noexcept;
  Parameters& null();
  Parameters& whole(int64_t value);
  Parameters& real(double value);
  Parameters& text(std::string_view value);
  Parameters& bytes(std::string_view value);
  /// False: a year that MySQL does not have; nothing is added.
  bool date(int64_t days);
  bool moment(int64_t micros);
  size_t size() const noexcept;
  size_t byte_count() const noexcept;  // of texts and bytes

 private:
  friend class MysqlConnection;
  struct Slots;
  std::unique_ptr<Slots> slots_;
};

}  // namespace millrace::feature_store
