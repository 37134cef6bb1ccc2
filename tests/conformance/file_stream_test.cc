// FileStreamSource and FileStreamSink under the suite, from the shipped shared object.

#include "tests/conformance/connector_suite.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temporary_folder.h"

namespace millrace::conformance {
namespace {

using testing_support::append_text;
using testing_support::FileSizeLimit;
using testing_support::TemporaryFolder;

class FileSource final : public SourceUnderTest {
 public:
  std::filesystem::path plugin() const override { return FILE_PLUGIN; }
  std::string class_name() const override {
    return "org.apache.kafka.connect.file.FileStreamSourceConnector";
  }
  Properties config() const override {
    return {{"topic", "lines"}, {"file", folder_ / "in.txt"}, {"batch.size", "64"}};
  }
  std::vector<std::string> required_keys() const override { return {"topic"}; }
  void feed(const std::vector<std::string>& texts) override {
    for (const std::string& text : texts) append_text(folder_ / "in.txt", text + "\n");
  }

 private:
  TemporaryFolder folder_;
};

class FileSink final : public SinkUnderTest {
 public:
  std::filesystem::path plugin() const override { return FILE_PLUGIN; }
  std::string class_name() const override {
    return "org.apache.kafka.connect.file.FileStreamSinkConnector";
  }
  Properties config() const override { return {{"file", file()}}; }
  std::vector<std::string> required_keys() const override { return {}; }
  std::vector<std::string> durable() override {
    std::vector<std::string> lines;
    std::ifstream in(file());
    // A line without its end is not there yet.
    for (std::string line; std::getline(in, line) && !in.eof();) lines.push_back(line);
    return lines;
  }
  void set_full(bool full) override {
    limit_.reset();
    std::error_code missing;
    const auto size = std::filesystem::file_size(file(), missing);
    if (full) limit_.emplace((missing ? 0 : size) + kRoom);
  }

 private:
  static constexpr rlim_t kRoom = 5;  // the next write breaks off in a line

  std::string file() const { return folder_ / "out.txt"; }

  TemporaryFolder folder_;
  std::optional<FileSizeLimit> limit_;
};

INSTANTIATE_TEST_SUITE_P(FileStreamSource, ConnectorSuite, of<FileSource>());
INSTANTIATE_TEST_SUITE_P(FileStreamSink, ConnectorSuite, of<FileSink>());
INSTANTIATE_TEST_SUITE_P(FileStreamSource, SourceSuite, of_source<FileSource>());
INSTANTIATE_TEST_SUITE_P(FileStreamSink, SinkSuite, of_sink<FileSink>());

}  // namespace
}  // namespace millrace::conformance
