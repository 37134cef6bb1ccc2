#pragma once
// Lines of a file or pipe, each of bounded length.

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// One thread.
class LineReader {
 public:
  enum class Result { Line, TooLong, End };

  /// An empty `path` is standard input. Throws ConnectException when the file cannot be opened.
  LineReader(std::string path, size_t max_line_bytes);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its line feed into `line`; a last line need not have one. A line above
  /// the limit is passed over and its result is TooLong. Blocks. Throws ConnectException when
  /// reading fails.
  Result next(std::string& line);
  /// 1-based number of the line next() returned last.
  uint64_t number() const noexcept { return number_; }
  /// False when next() would wait for a writer.
  bool has_input() const noexcept;

 private:
  bool fill();

  std::string path_;
  size_t max_line_bytes_;
  int fd_;
  uint64_t number_ = 0;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t end_ = 0;
};

}  // namespace millrace
