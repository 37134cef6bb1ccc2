#pragma once
// Who may ask: keys are known by their hashes alone.

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::feature_store {

/// A file with one key a line, `name:sha256` or `name:salt:sha256 of salt and key`, hashes in hex;
/// `#` begins a comment. Read again when it changes; a file that became wrong keeps the keys that
/// were. Thread-safe.
class ApiKeys {
 public:
  static constexpr std::chrono::milliseconds kCheckEvery{1'000};
  static constexpr size_t kMaxKeys = 1'000;
  static constexpr size_t kMaxFileBytes = size_t{1} << 20;

  /// `file` empty: everybody may. Throws ConfigException that names the file and line.
  explicit ApiKeys(std::string file);
  /// Takes the same time whichever key of the file it is, if any.
  bool allows(std::string_view key) const;
  /// Looks at the file when it is time; errors are logged once. Any thread.
  void reload_if_changed();
  bool are_asked_for() const noexcept { return !file_.empty(); }

 private:
  using Hash = std::array<uint8_t, 32>;
  struct Key {
    std::string salt;
    Hash hash;
  };
  struct Stamp {
    std::filesystem::file_time_type time{};
    uintmax_t size = 0;
    uint64_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Keys = std::vector<Key>;

  static Keys read(const std::string& file);
  static Stamp stamp(const std::string& file);

  std::string file_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Keys> keys_;
  Stamp stamp_;
  std::chrono::steady_clock::time_point checked_;
};

}  // namespace millrace::feature_store
