#include "connectors/file/file_source_task.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <future>
#include <random>

#include "tests/unit/connectors/file_fixture.h"

namespace millrace::file {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing_support::append_text;
using testing_support::TemporaryFolder;
using testing_support::write_text;
using Lines = std::vector<std::pair<std::string, int64_t>>;

class FileSourceTaskTest : public testing::Test {
 protected:
  FileSourceTaskTest() { stop_.request_stop(); }

  void start(Properties extra = {}) {
    Properties config{{"topic", "t"}, {"file", file_}};
    for (const auto& [key, value] : extra) config[key] = value;
    task_ = std::make_unique<FileStreamSourceTask>();
    task_->start(config, context_);
  }
  /// One poll that reads once and does not wait.
  Lines poll() {
    batch_.reset();
    task_->poll(batch_, stop_.get_token());
    Lines lines;
    for (const Record& record : batch_.records()) {
      lines.emplace_back(record.value.value.as_string(),
                         record.source_offset.as_map()[0].value.as_int());
    }
    return lines;
  }
  Lines poll_until(size_t count) {
    Lines lines;
    for (int attempt = 0; attempt < 10'000 && lines.size() < count; ++attempt) {
      for (auto& line : poll()) lines.push_back(std::move(line));
    }
    return lines;
  }

  const CapturedLog log_;
  TemporaryFolder folder_;
  const std::string file_ = folder_ / "in.txt";
  FakeSourceContext context_;
  std::stop_source stop_;
  RecordBatch batch_;
  std::unique_ptr<FileStreamSourceTask> task_;
};

TEST_F(FileSourceTaskTest, ARecordIsWhatJavaMakesOfALine) {
  write_text(file_, "one\ntwo\n");
  start();
  ASSERT_EQ(poll().size(), 2U);
  const Record& record = batch_[1];
  EXPECT_EQ(record.topic, "t");
  EXPECT_EQ(record.partition, kNoPartition);
  EXPECT_TRUE(record.key.value.is_null());
  EXPECT_EQ(record.key.schema, nullptr);
  ASSERT_NE(record.value.schema, nullptr);
  EXPECT_EQ(record.value.schema->type(), Type::String);
  EXPECT_FALSE(record.value.schema->optional());
  EXPECT_EQ(record.header_count, 0U);
  EXPECT_GT(record.timestamp, 1'600'000'000'000);
  std::string partition;
  append_json(partition, record.source_partition);
  EXPECT_EQ(partition, "{\"filename\":\"" + file_ + "\"}");
  std::string offset;
  append_json(offset, record.source_offset);
  EXPECT_EQ(offset, R"({"position":8})");
  EXPECT_EQ(context_.asked_for, partition);
}

// Positions after each line, as FileStreamSourceTask of Kafka 4.1.1 gives them.
TEST_F(FileSourceTaskTest, LineEndsAndPositions) {
  write_text(file_, "a\nb\r\n\r\nc\rd\r\re\n\rf\n");
  start();
  EXPECT_THAT(poll(),
              ElementsAre(Pair("a", 2), Pair("b", 5), Pair("", 7), Pair("c", 9), Pair("d", 11),
                          Pair("", 12), Pair("e", 14), Pair("", 15), Pair("f", 17)));
}

TEST_F(FileSourceTaskTest, AnEmptyLineIsAnEmptyStringNotNull) {
  write_text(file_, "\n");
  start();
  EXPECT_THAT(poll(), ElementsAre(Pair("", 1)));
  EXPECT_EQ(batch_[0].value.value.type(), Type::String);
}

TEST_F(FileSourceTaskTest, AnUnfinishedLastLineWaits) {
  write_text(file_, "one\ntw");
  start();
  EXPECT_THAT(poll(), ElementsAre(Pair("one", 4)));
  EXPECT_THAT(poll(), IsEmpty());
  append_text(file_, "o");
  EXPECT_THAT(poll(), IsEmpty());
  append_text(file_, "\nthree");
  EXPECT_THAT(poll(), ElementsAre(Pair("two", 8)));
  append_text(file_, "\r");
  EXPECT_THAT(poll(), IsEmpty());
  append_text(file_, "\n");
  EXPECT_THAT(poll(), ElementsAre(Pair("three", 15)));
}

TEST_F(FileSourceTaskTest, ALoneReturnIsDecidedByTheNextByte) {
  write_text(file_, "a\r");
  start();
  EXPECT_THAT(poll(), IsEmpty());
  append_text(file_, "b\r");
  EXPECT_THAT(poll(), ElementsAre(Pair("a", 2)));
  append_text(file_, "\n");
  EXPECT_THAT(poll(), ElementsAre(Pair("b", 5)));
}

TEST_F(FileSourceTaskTest, BatchSizeLimitsAPollAndLosesNothing) {
  write_text(file_, "1\n2\n3\n4\n5\n");
  start({{"batch.size", "2"}});
  EXPECT_THAT(poll(), ElementsAre(Pair("1", 2), Pair("2", 4)));
  EXPECT_THAT(poll(), ElementsAre(Pair("3", 6), Pair("4", 8)));
  EXPECT_THAT(poll(), ElementsAre(Pair("5", 10)));
  EXPECT_THAT(poll(), IsEmpty());
}

TEST_F(FileSourceTaskTest, ABatchSizeBelowOneIsOne) {
  write_text(file_, "1\n2\n");
  for (const char* size : {"0", "-1"}) {
    start({{"batch.size", size}});
    EXPECT_THAT(poll(), ElementsAre(Pair("1", 2)));
  }
}

TEST_F(FileSourceTaskTest, LinesLongerThanTheBuffer) {
  const std::string first(3'000'001, 'x');
  const std::string second(300'000, 'y');
  write_text(file_, first + "\n" + second + "\r\nz\n");
  start();
  const Lines lines = poll_until(3);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0].first == first);
  EXPECT_EQ(lines[0].second, 3'000'002);
  EXPECT_TRUE(lines[1].first == second);
  EXPECT_THAT(lines[2], Pair("z", 3'300'006));
}

TEST_F(FileSourceTaskTest, AFileMayAppearLater) {
  start();
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_THAT(CapturedLog::lines(),
              ElementsAre("3 FileStreamSourceTask Couldn't find file " + file_ +
                          " for FileStreamSourceTask, sleeping to wait for it to be created"));
  write_text(file_, "here\n");
  EXPECT_THAT(poll(), ElementsAre(Pair("here", 5)));
}

// FileInputStream says FileNotFoundException for these too.
TEST_F(FileSourceTaskTest, WhatCannotBeOpenedIsWaitedFor) {
  std::filesystem::create_directory(file_);
  start();
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_THAT(CapturedLog::lines().back(), HasSubstr("to be created: Is a directory"));
  std::filesystem::remove(file_);
  std::filesystem::create_symlink(file_, file_);
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_THAT(CapturedLog::lines().back(), HasSubstr(": Too many levels of symbolic links"));
  std::filesystem::remove(file_);
  write_text(file_, "x\n");
  ::chmod(file_.c_str(), 0);
  {
    const Unprivileged nobody;
    EXPECT_THAT(poll(), IsEmpty());
  }
  EXPECT_THAT(CapturedLog::lines().back(), HasSubstr(": Permission denied"));
  ::chmod(file_.c_str(), 0600);
  EXPECT_THAT(poll(), ElementsAre(Pair("x", 2)));
}

TEST_F(FileSourceTaskTest, ATruncatedFileIsWaitedForAtItsPosition) {
  write_text(file_, "one\ntwo\n");
  start();
  EXPECT_EQ(poll().size(), 2U);
  write_text(file_, "new\n");
  EXPECT_THAT(poll(), IsEmpty());
  append_text(file_, "2nd\nthird\n");
  EXPECT_THAT(poll(), ElementsAre(Pair("third", 14)));
}

TEST_F(FileSourceTaskTest, ARenamedFileIsReadOn) {
  write_text(file_, "one\n");
  start();
  EXPECT_EQ(poll().size(), 1U);
  std::filesystem::rename(file_, folder_ / "in.txt.1");
  write_text(file_, "of the new file\n");
  append_text(folder_ / "in.txt.1", "two\n");
  EXPECT_THAT(poll(), ElementsAre(Pair("two", 8)));
}

TEST_F(FileSourceTaskTest, AStoredPositionBeyondTheFileIsReported) {
  write_text(file_, "one\n");
  context_.stored = R"({"position":6})";
  start();
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_THAT(CapturedLog::lines()[0],
              HasSubstr(" has 4 bytes but the stored position is 6: it was truncated or replaced"));
  append_text(file_, "..three\n");
  EXPECT_THAT(poll(), ElementsAre(Pair("three", 12)));
}

TEST_F(FileSourceTaskTest, ResumesAtTheStoredPosition) {
  write_text(file_, "hello\r\nworld\n");
  const std::pair<const char*, Lines> cases[] = {
      {R"({"position":7})", {{"world", 13}}},
      {R"({"position":3})", {{"lo", 7}, {"world", 13}}},  // inside a line
      {R"({"position":6})", {{"", 7}, {"world", 13}}},    // between return and feed
      {R"({"position":13})", {}},
      {R"({"position":0})", {{"hello", 7}, {"world", 13}}},
      {R"({"position":null})", {{"hello", 7}, {"world", 13}}},
      {R"({"other":5})", {{"hello", 7}, {"world", 13}}},
      {R"({"position":-5})", {{"hello", 2}, {"world", 8}}},  // as Java counts on
  };
  for (const auto& [stored, expected] : cases) {
    SCOPED_TRACE(stored);
    context_.stored = stored;
    start();
    EXPECT_EQ(poll(), expected);
  }
}

TEST_F(FileSourceTaskTest, AStoredPositionOfAnotherTypeFails) {
  write_text(file_, "x\n");
  for (const char* stored :
       {R"({"position":"5"})", R"({"position":5.0})", R"({"position":true})"}) {
    context_.stored = stored;
    start();
    EXPECT_EQ(connect_exception([this] { poll(); }), "Offset position is the incorrect type");
  }
}

TEST_F(FileSourceTaskTest, AnOffsetStoreThatIsAwayDoesNotStartTheFileAnew) {
  write_text(file_, "one\ntwo\n");
  context_.stored = R"({"position":4})";
  context_.fail_once = true;
  start();
  EXPECT_THROW(poll(), RetriableException);
  EXPECT_THAT(poll(), ElementsAre(Pair("two", 8)));
}

// Values as Java's decoder gives them; positions are bytes (see README.md of the connector).
TEST_F(FileSourceTaskTest, MalformedTextIsReplaced) {
  write_text(file_,
             "a\xFF"
             "b\n\xE2\x82\n\xED\xA0\x80\n\xF0\x9F\x98z\n\xC0\x80\n\xC3\xA9\n");
  start();
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_THAT(poll(), ElementsAre(Pair("a" + bad + "b", 4), Pair(bad, 7), Pair(bad, 11),
                                  Pair(bad + "z", 16), Pair(bad + bad, 19), Pair("\xC3\xA9", 22)));
}

TEST_F(FileSourceTaskTest, OtherControlCharactersStay) {
  using std::literals::operator""s;
  const std::string line = "\xEF\xBB\xBF\0b\xE2\x80\xA8\v"s;
  write_text(file_, line + "\n");
  start();
  EXPECT_THAT(poll(), ElementsAre(Pair(line, 9 + 1)));
}

TEST_F(FileSourceTaskTest, PollAfterStopGivesNothing) {
  write_text(file_, "one\ntwo\n");
  start({{"batch.size", "1"}});
  EXPECT_EQ(poll().size(), 1U);
  task_->stop();
  EXPECT_THAT(poll(), IsEmpty());
  task_->stop();
  EXPECT_THAT(poll(), IsEmpty());
}

TEST_F(FileSourceTaskTest, AStopEndsTheWaitForMore) {
  write_text(file_, "");
  start();
  std::stop_source stop;
  auto idle = std::async(std::launch::async, [&] {
    RecordBatch batch;
    task_->poll(batch, stop.get_token());
    return batch.size();
  });
  stop.request_stop();
  ASSERT_EQ(idle.wait_for(std::chrono::milliseconds(800)), std::future_status::ready);
  EXPECT_EQ(idle.get(), 0U);
}

TEST_F(FileSourceTaskTest, ConfigurationIsChecked) {
  const auto message = [this](Properties config) {
    try {
      FileStreamSourceTask().start(config, context_);
    } catch (const ConfigException& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message({{"file", "x"}}),
            "Missing required configuration \"topic\" which has no default value.");
  EXPECT_EQ(message({{"file", "x"}, {"topic", ""}}),
            "Invalid value  for configuration topic: String must be non-empty");
  EXPECT_EQ(message({{"file", "x"}, {"topic", "t"}, {"batch.size", "x"}}),
            "Invalid value x for configuration batch.size: Not a number of type INT");
}

TEST_F(FileSourceTaskTest, ANamedPipeNeverHoldsTheThread) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  start();
  EXPECT_THAT(poll(), IsEmpty());  // nobody writes yet
  const int writer = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  EXPECT_THAT(poll(), IsEmpty());
  ASSERT_EQ(::write(writer, "one\ntw", 6), 6);
  EXPECT_THAT(poll(), ElementsAre(Pair("one", 4)));
  EXPECT_THAT(poll(), IsEmpty());
  ASSERT_EQ(::write(writer, "o\n", 2), 2);
  ::close(writer);
  EXPECT_THAT(poll(), ElementsAre(Pair("two", 8)));
  EXPECT_THAT(poll(), IsEmpty());
}

/// Standard input of the process while it lives.
class StandardInput {
 public:
  StandardInput() : saved_(::dup(STDIN_FILENO)) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    writer_ = ends[1];
  }
  ~StandardInput() {
    close();
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;
  void write(std::string_view text) {
    EXPECT_EQ(::write(writer_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close() {
    if (writer_ >= 0) ::close(std::exchange(writer_, -1));
  }

 private:
  int saved_;
  int writer_ = -1;
};

TEST_F(FileSourceTaskTest, WithoutAFileStandardInputIsRead) {
  for (const bool empty : {false, true}) {
    StandardInput input;
    task_ = std::make_unique<FileStreamSourceTask>();
    Properties config{{"topic", "t"}};
    if (empty) config["file"] = "";
    task_->start(config, context_);
    EXPECT_THAT(poll(), IsEmpty());
    input.write("one\ntw");
    batch_.reset();
    task_->poll(batch_, stop_.get_token());
    ASSERT_EQ(batch_.size(), 1U);
    EXPECT_EQ(batch_[0].value.value.as_string(), "one");
    std::string where;
    append_json(where, batch_[0].source_partition);
    append_json(where, batch_[0].source_offset);
    EXPECT_EQ(where, R"({"filename":null}{"position":null})");
    input.write("o\n");
    EXPECT_THAT(poll(), ElementsAre(Pair("two", 0)));
    input.close();
    EXPECT_THAT(poll(), IsEmpty());
    task_->stop();
    EXPECT_THAT(poll(), IsEmpty());
    EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFD), 0) << "standard input stays open";
  }
}

// Appends in random pieces, small batches and restarts: the lines are those of the whole file.
TEST_F(FileSourceTaskTest, RandomAppendsAndRestartsGiveEveryLineOnce) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 30; ++round) {
    write_text(file_, "");
    context_.stored.reset();
    start({{"batch.size", std::to_string(1 + random() % 5)}});
    std::string whole;
    Lines lines;
    for (int step = 0; step < 60; ++step) {
      std::string piece(random() % 12, '\0');
      for (char& c : piece) c = "\r\nabcdef"[random() % 8];
      append_text(file_, piece);
      whole += piece;
      for (auto& line : poll()) lines.push_back(std::move(line));
      if (random() % 10 != 0) continue;
      task_->stop();
      if (!lines.empty()) {
        context_.stored = "{\"position\":" + std::to_string(lines.back().second) + "}";
      }
      start({{"batch.size", std::to_string(1 + random() % 5)}});
    }
    append_text(file_, "end\n");
    whole += "end\n";
    while (lines.empty() || lines.back().first.find("end") == std::string::npos) {
      for (auto& line : poll()) lines.push_back(std::move(line));
    }
    Lines expected;
    LineSplitter splitter(whole);
    for (int64_t at = 0; const auto line = splitter.next();) {
      at += static_cast<int64_t>(line->consumed);
      expected.emplace_back(line->text, at);
    }
    ASSERT_EQ(lines, expected);
  }
}

}  // namespace
}  // namespace millrace::file
