#include "connectors/file/file_sink_task.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/support/file_size_limit.h"
#include "tests/unit/connectors/file_fixture.h"

namespace millrace::file {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::FileSizeLimit;
using testing_support::read_text;
using testing_support::TemporaryFolder;
using testing_support::write_text;

const TopicPartition kPartition{"t", 0};

class FileSinkTaskTest : public testing::Test {
 protected:
  void start(const std::string& file) {
    task_ = std::make_unique<FileStreamSinkTask>();
    task_->start(file.empty() ? Properties{} : Properties{{"file", file}}, context_);
  }
  void put(std::initializer_list<Value> values) {
    batch_.reset();
    for (const Value& value : values) batch_.add().value.value = value;
    task_->put(batch_, {});
  }
  void put(const std::string& line) { put({Value::string(line)}); }
  std::string written() const { return read_text(file_); }

  const CapturedLog log_;
  TemporaryFolder folder_;
  const std::string file_ = folder_ / "out.txt";
  FakeSinkContext context_;
  RecordBatch batch_;
  std::unique_ptr<FileStreamSinkTask> task_;
};

TEST_F(FileSinkTaskTest, LinesAreInTheFileWhenPutReturns) {
  start(file_);
  put({Value::string("one"), Value::string(""), Value::string("two\nlines")});
  EXPECT_EQ(written(), "one\n\ntwo\nlines\n");
  put({});
  put("three");
  EXPECT_EQ(written(), "one\n\ntwo\nlines\nthree\n");
}

TEST_F(FileSinkTaskTest, AnExistingFileIsAppendedTo) {
  write_text(file_, "before\n");
  start(file_);
  put("after");
  task_->stop();
  start(file_);
  put("again");
  EXPECT_EQ(written(), "before\nafter\nagain\n");
}

TEST_F(FileSinkTaskTest, ALineThatAKillCutShortDoesNotSpoilTheNext) {
  write_text(file_, "whole\ntor");
  start(file_);
  put({});
  EXPECT_EQ(written(), "whole\ntor") << "untouched until there is a row";
  put({Value::string("torn"), Value::string("next")});
  put("more");
  EXPECT_EQ(written(), "whole\ntor\ntorn\nnext\nmore\n");
}

// Lines as FileStreamSinkTask of Kafka 4.1.1 prints them.
TEST_F(FileSinkTaskTest, ValuesAreJavaText) {
  start(file_);
  Arena arena;
  const Value list[] = {Value::int32(1), Value::string("b")};
  const MapEntry entry[] = {{Value::string("k"), Value::int64(1)}};
  const uint8_t bytes[] = {1};
  const SchemaPtr schema =
      SchemaBuilder::structure().name("n").field("a", primitive_schema(Type::Int32)).build();
  const Value field[] = {Value::int32(1)};
  const StructData structure{schema.get(), field};
  put({Value(), Value::int32(1), Value::float64(2.0), Value::float32(2.5F), Value::boolean(true),
       Value::structure(&structure), Value::array(list), Value::map(entry), Value::float64(1e10),
       Value::string("\xF0\x9F\x98\x80"), Value::bytes(bytes)});
  std::string lines = written();
  const size_t last = lines.rfind("[B@");
  ASSERT_NE(last, std::string::npos);
  EXPECT_THAT(lines.substr(last), testing::MatchesRegex("\\[B@[0-9a-f]+\n"));
  EXPECT_EQ(lines.substr(0, last),
            "null\n1\n2.0\n2.5\ntrue\nStruct{a=1}\n[1, b]\n{k=1}\n1.0E10\n\xF0\x9F\x98\x80\n");
}

TEST_F(FileSinkTaskTest, OnlyLiveRowsAreWritten) {
  start(file_);
  for (const char* text : {"a", "b", "c"}) batch_.add().value.value = Value::string(text);
  batch_.filter(0);
  batch_.reject(1, {});
  task_->put(batch_, {});
  EXPECT_EQ(written(), "c\n");
}

std::string trace_of_start(const std::string& file) {
  FakeSinkContext context;
  try {
    FileStreamSinkTask().start({{"file", file}}, context);
  } catch (const ConnectException& error) {
    return describe(error);
  }
  return "no ConnectException";
}

// Texts and classes of Kafka 4.1.1 on OpenJDK 17.
TEST_F(FileSinkTaskTest, AFileThatCannotBeOpened) {
  const auto expected = [](const std::string& file, const std::string& cause) {
    return "org.apache.kafka.connect.errors.ConnectException: Couldn't find or create file '" +
           file + "' for FileStreamSinkTask\nCaused by: java.nio.file." + cause;
  };
  const std::string missing = folder_ / "no/such/folder";
  EXPECT_EQ(trace_of_start(missing), expected(missing, "NoSuchFileException: " + missing));
  const std::string folder = folder_.path();
  EXPECT_EQ(trace_of_start(folder),
            expected(folder, "FileSystemException: " + folder + ": Is a directory"));
  write_text(file_, "");
  const std::string below = file_ + "/x";
  EXPECT_EQ(trace_of_start(below),
            expected(below, "FileSystemException: " + below + ": Not a directory"));
  const std::string loop = folder_ / "loop";
  std::filesystem::create_symlink(loop, loop);
  EXPECT_EQ(trace_of_start(loop),
            expected(loop, "FileSystemException: " + loop +
                               ": Too many levels of symbolic links or unable to access attributes "
                               "of symbolic link"));
  ::chmod(file_.c_str(), 0400);
  const Unprivileged nobody;
  EXPECT_EQ(trace_of_start(file_), expected(file_, "AccessDeniedException: " + file_));
}

TEST_F(FileSinkTaskTest, AFullDeviceCommitsNothingAndSaysWhy) {
  start("/dev/full");
  const OffsetMap current{{kPartition, Offset{2}}};
  put({Value::string("one"), Value::string("two")});  // the rows are taken
  EXPECT_THAT(CapturedLog::lines(),
              ElementsAre("3 FileStreamSinkTask writing to /dev/full: No space left on device; "
                          "8 bytes wait until that is possible"));
  EXPECT_THAT(task_->pre_commit(current), IsEmpty());
  EXPECT_EQ(CapturedLog::lines().back(),
            "4 FileStreamSinkTask Not committing offsets: writing to /dev/full: No space left on "
            "device; 8 bytes wait until that is possible");
  try {
    put("three");
    ADD_FAILURE() << "no exception";
  } catch (const RetriableException& error) {
    EXPECT_STREQ(error.what(),
                 "writing to /dev/full: No space left on device; 8 bytes wait until that is "
                 "possible");
  }
  EXPECT_THAT(context_.timeouts, ElementsAre(1000));
  EXPECT_THROW(task_->flush(current), RetriableException);
  EXPECT_THROW(put({}), RetriableException) << "an empty put tells of the failure too";
}

// The disk fills in the middle of a line, stays full for a while, and has room again.
TEST_F(FileSinkTaskTest, AFullDiskLosesAndRepeatsNothing) {
  start(file_);
  put("first");
  const OffsetMap current{{kPartition, Offset{3}}};
  {
    const FileSizeLimit full(9);
    put({Value::string("second"), Value::string("third")});
    EXPECT_EQ(written(), "first\nsec");
    for (int attempt = 0; attempt < 3; ++attempt) {
      EXPECT_THROW(put("fourth"), RetriableException);  // redelivered each time
      EXPECT_THAT(task_->pre_commit(current), IsEmpty());
    }
    EXPECT_EQ(written(), "first\nsec");
  }
  put("fourth");
  EXPECT_EQ(written(), "first\nsecond\nthird\nfourth\n");
  EXPECT_EQ(task_->pre_commit(current), current);
}

TEST_F(FileSinkTaskTest, ACommitWritesWhatWaited) {
  start(file_);
  {
    const FileSizeLimit full(2);
    put("line");
  }
  const OffsetMap current{{kPartition, Offset{1}}};
  EXPECT_EQ(task_->pre_commit(current), current);
  EXPECT_EQ(written(), "line\n");
}

TEST_F(FileSinkTaskTest, TasksShareAFileLineByLine) {
  start(file_);
  const auto first = std::move(task_);
  start(file_);
  for (int i = 0; i < 3; ++i) {
    put({Value::string("second")});
    first->put(batch_, {});
  }
  EXPECT_EQ(written(), "second\nsecond\nsecond\nsecond\nsecond\nsecond\n");
}

TEST_F(FileSinkTaskTest, StopTwiceAndWithoutStart) {
  start(file_);
  task_->stop();
  task_->stop();
  FileStreamSinkTask().stop();
}

TEST_F(FileSinkTaskTest, WithoutAFileStandardOutputIsWritten) {
  for (const std::string config : {"unset", "empty"}) {
    testing::internal::CaptureStdout();
    FileStreamSinkTask task;
    task.start(config == "unset" ? Properties{} : Properties{{"file", ""}}, context_);
    batch_.reset();
    batch_.add().value.value = Value::string(config);
    task.put(batch_, {});
    task.stop();
    EXPECT_EQ(testing::internal::GetCapturedStdout(), config + "\n");
    EXPECT_GE(::fcntl(STDOUT_FILENO, F_GETFD), 0) << "standard output stays open";
  }
}

}  // namespace
}  // namespace millrace::file
