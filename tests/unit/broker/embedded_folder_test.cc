// The folder of the log: what is refused, and that it is left as it was. Through the shared object,
// as the worker opens it.

#include "embedded_support.h"
#include "runtime/broker/embedded/embedded_broker.h"
#include "runtime/broker/embedded/log_folder.h"

namespace millrace::embedded {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> contents(const std::string& dir) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[entry.path().string()] = std::string(std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

class EmbeddedFolder : public testing::Test {
 protected:
  std::string open_error() {
    return thrown_by([&] { open_embedded_broker({{"embedded.log.dir", dir}}); });
  }
  /// A closed log with records of several topics, some in files, some still in the log ahead.
  void make_log() {
    EmbeddedOptions options = TestLog::options(dir);
    options.memory_bytes = 4 * 1024 * 1024;
    TestLog log(options);
    for (int i = 0; i < 30; ++i) {
      log.send("t", {{"k", std::string(100'000, static_cast<char>('a' + i)), {}, 1}});
    }
    log.store->put_group_offsets("g", {{{"t", 0}, Offset{3}}});
  }
  void expect_refused(const std::string& reason) {
    const auto before = contents(dir);
    const std::string error = open_error();
    EXPECT_NE(error.find("embedded.log.dir " + dir), std::string::npos) << error;
    EXPECT_NE(error.find(reason), std::string::npos) << error;
    auto after = contents(dir);
    for (const auto& [path, text] : before) {
      // The store's own diary may be put aside for a new one.
      if (fs::path(path).filename().string().starts_with("LOG")) continue;
      EXPECT_TRUE(after.contains(path)) << path;
      EXPECT_EQ(after[path], text) << path;
    }
  }

  TempFolder folder;
  std::string dir = folder.log();
};

TEST_F(EmbeddedFolder, AMissingFolderIsCreatedWithItsParents) {
  dir = (folder.path() / "a" / "b" / "log").string();
  EXPECT_EQ(open_error(), "");
  EXPECT_TRUE(fs::exists(dir + "/" + kFolderFile));
  EXPECT_EQ(open_error(), "");
}

TEST_F(EmbeddedFolder, TheClusterIdStays) {
  const auto id = [&] { return open_embedded_broker({{"embedded.log.dir", dir}})->cluster_id(); };
  const std::string first = id();
  EXPECT_EQ(first.size(), 22U);
  EXPECT_EQ(id(), first);
  dir += "2";
  EXPECT_NE(id(), first);
}

TEST_F(EmbeddedFolder, TheRootOfANewFileSystemIsEmptyEnough) {
  fs::create_directories(dir + "/lost+found");
  EXPECT_EQ(open_error(), "");
}

TEST_F(EmbeddedFolder, ForeignFilesAreRefused) {
  write_file(dir + "/photo.jpg", "smile");
  expect_refused("photo.jpg");
  EXPECT_EQ(contents(dir).size(), 1U);
}

TEST_F(EmbeddedFolder, AKafkaBrokersFolderIsRefused) {
  write_file(dir + "/meta.properties", "version=1\ncluster.id=abc\nnode.id=1\n");
  write_file(dir + "/orders-0/00000000000000000000.log", "x");
  expect_refused("no embedded log");
  EXPECT_EQ(contents(dir).size(), 2U);
}

TEST_F(EmbeddedFolder, AStoreOfSomebodyElseIsRefused) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, dir, &db).ok());
  db->Put({}, "m", "theirs");
  delete db;
  const auto before = contents(dir);
  expect_refused("no embedded log");
  EXPECT_EQ(contents(dir), before);
}

TEST_F(EmbeddedFolder, AFileIsRefused) {
  write_file(dir, "text");
  EXPECT_NE(open_error().find(dir), std::string::npos);
  EXPECT_TRUE(fs::is_regular_file(dir));
}

TEST_F(EmbeddedFolder, AnotherFormatIsRefused) {
  make_log();
  write_file(dir + "/" + kFolderFile, "format=2\n");
  expect_refused("unknown format");
}

TEST_F(EmbeddedFolder, ALogWhoseCreationWasCutShortIsCreatedAgain) {
  write_file(dir + "/" + kFolderFile, "");
  write_file(dir + "/MANIFEST-000001", "half");
  write_file(dir + "/LOCK", "");
  EXPECT_EQ(open_error(), "");
}

TEST_F(EmbeddedFolder, AMissingStoreIsNotBegunAnew) {
  make_log();
  fs::remove(dir + "/CURRENT");
  expect_refused("damaged");
  for (const auto& entry : fs::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (name != kFolderFile) fs::remove(entry.path());
  }
  expect_refused("damaged");
}

TEST_F(EmbeddedFolder, MissingAndDamagedFilesOfTheStoreAreRefusedOrReadWhole) {
  make_log();
  const auto pristine = contents(dir);
  size_t tables = 0;
  for (const auto& [path, text] : pristine) {
    const std::string name = fs::path(path).filename().string();
    const bool is_table = path.ends_with(".sst");
    if (!is_table && name != "CURRENT" && !name.starts_with("MANIFEST")) continue;
    tables += is_table ? 1 : 0;
    fs::remove(path);
    EXPECT_NE(open_error(), "") << name << " is missing";
    // Back to what it was.
    fs::remove_all(dir);
    for (const auto& [file, bytes] : pristine) write_file(file, bytes);
  }
  EXPECT_GT(tables, 0U);
  EXPECT_EQ(open_error(), "");
}

// Whatever byte is changed: the log is refused, a read fails and says so, or it is all there. What
// never happens is that it opens with less, and that offsets are given a second time.
TEST_F(EmbeddedFolder, ADamagedByteNeverMakesTheLogShorterInSilence) {
  make_log();
  std::mt19937_64 random = seeded();
  const auto pristine = contents(dir);
  std::vector<std::string> targets;
  for (const auto& [path, text] : pristine) {
    if (path.ends_with(".sst") || path.find("MANIFEST") != std::string::npos)
      targets.push_back(path);
  }
  int refused = 0;
  int unreadable = 0;
  // Few: the store rests for a second when its compaction meets damage.
  for (int round = 0; round < 6; ++round) {
    const std::string& path = targets[random() % targets.size()];
    std::string text = pristine.at(path);
    text[random() % text.size()] ^= static_cast<char>(1 + random() % 255);
    write_file(path, text);
    try {
      TestLog log(dir);
      EXPECT_EQ(log.store->bounds({"t", 0}), (std::pair<int64_t, int64_t>{0, 30})) << path;
      TestConsumer consumer(log, "reader");
      consumer.consumer->subscribe({"t"}, consumer);
      int64_t next = 0;
      for (const auto& [offset, record] : consumer.drain()) {
        EXPECT_EQ(offset, next);
        EXPECT_EQ(record.value, std::string(100'000, static_cast<char>('a' + next)));
        ++next;
      }
      EXPECT_EQ(next, 30);
      EXPECT_EQ(log.store->group_offsets("g").size(), 1U);
    } catch (const ConnectException& error) {
      const std::string what = error.what();
      EXPECT_NE(what.find(dir), std::string::npos) << what;
      (what.find("reading") != std::string::npos ? unreadable : refused) += 1;
    }
    fs::remove_all(dir);
    for (const auto& [file, bytes] : pristine) write_file(file, bytes);
  }
  std::printf("%d refused, %d unreadable\n", refused, unreadable);
  EXPECT_GT(refused + unreadable, 0);
}

TEST_F(EmbeddedFolder, ACutTailOfTheLogAheadLosesTheTailOnly) {
  {
    TestLog log(dir);
    for (int i = 0; i < 5; ++i) log.send("t", {{std::nullopt, std::to_string(i), {}, 1}});
  }
  std::string ahead;
  for (const auto& [path, text] : contents(dir)) {
    if (path.ends_with(".log") && text.size() > 0) ahead = path;
  }
  ASSERT_FALSE(ahead.empty());
  fs::resize_file(ahead, fs::file_size(ahead) - 3);
  TestLog log(dir);
  EXPECT_EQ(log.store->bounds({"t", 0}).second, 4);
  EXPECT_EQ(log.send("t", {{std::nullopt, "new", {}, 1}}).at(0).offset, 4);
}

TEST_F(EmbeddedFolder, TheSameProcessCannotOpenItTwice) {
  TestLog log(dir);
  EXPECT_NE(open_error().find("embedded.log.dir " + dir + " is in use"), std::string::npos);
}

TEST_F(EmbeddedFolder, AnotherFailureIsNotTakenForALock) {
  dir = (folder.path() / "lock of the clock" / "log").string();
  make_log();
  fs::remove(dir + "/CURRENT");
  fs::create_directories(dir + "/CURRENT");
  const std::string error = open_error();
  EXPECT_NE(error.find(dir), std::string::npos) << error;
  EXPECT_EQ(error.find("in use"), std::string::npos) << error;
}

TEST_F(EmbeddedFolder, SettingsAreChecked) {
  const auto with = [&](const std::string& key, const std::string& value) {
    return thrown_by([&] { open_embedded_broker({{"embedded.log.dir", dir}, {key, value}}); });
  };
  EXPECT_NE(with("embedded.log.partitions", "0").find("ConfigException"), std::string::npos);
  EXPECT_NE(with("embedded.log.retention.ms", "-2").find("embedded.log.retention.ms"),
            std::string::npos);
  EXPECT_NE(with("embedded.log.append.timeout.ms", "9223372036854775807").find("ConfigException"),
            std::string::npos);
  EXPECT_NE(thrown_by([] { open_embedded_broker({}); }).find("embedded.log.dir"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(dir));
}

/// Cluster operations over the same door.
class EmbeddedAdministration : public testing::Test {
 protected:
  TempFolder folder;
  std::unique_ptr<Broker> broker = open_embedded_broker({{"embedded.log.dir", folder.log()}});
  std::unique_ptr<BrokerAdmin> admin = broker->make_admin({});
  Millis timeout{1000};
};

TEST_F(EmbeddedAdministration, TopicsAreDescribedAndTheirEndsKnown) {
  EXPECT_TRUE(admin->create_topic({"t", 2}, timeout));
  EXPECT_FALSE(admin->create_topic({"t", 3}, timeout));
  const std::vector<std::string> asked = {"t", "missing"};
  EXPECT_EQ(admin->describe_topics(asked, timeout), (std::map<std::string, int32_t>{{"t", 2}}));
  Reports reports;
  const auto producer = broker->make_producer({}, reports);
  RecordBatch batch;
  add_record(batch, "t", {"k", "v", {}, 1, 1});
  producer->send(batch, all_rows(batch));
  while (producer->in_flight() > 0) producer->poll(kPatience);
  EXPECT_EQ(admin->end_offsets("t", timeout),
            (OffsetMap{{{"t", 0}, Offset{0}}, {{"t", 1}, Offset{1}}}));
  EXPECT_TRUE(admin->end_offsets("missing", timeout).empty());
  EXPECT_EQ(admin->begin_offsets("t", timeout),
            (OffsetMap{{{"t", 0}, Offset{0}}, {{"t", 1}, Offset{0}}}));
  EXPECT_TRUE(admin->begin_offsets("missing", timeout).empty());
  EXPECT_EQ(admin->topic_config("missing", timeout), std::nullopt);
  EXPECT_EQ(admin->topic_config("t", timeout)->at("cleanup.policy"), "delete");
}

TEST_F(EmbeddedAdministration, GroupsWithMembersAreLeftAlone) {
  class : public RebalanceListener {
    void on_assigned(const OffsetMap&) override {}
    void on_revoked(std::span<const TopicPartition>) override {}
    void on_lost(std::span<const TopicPartition>) override {}
  } listener;
  admin->create_topic({"t", 2}, timeout);
  const OffsetMap offsets{{{"t", 0}, Offset{4}}, {{"t", 1}, Offset{5}}};
  admin->alter_group_offsets("g", offsets, timeout);
  EXPECT_EQ(admin->group_offsets("g", timeout), offsets);
  const auto consumer = broker->make_consumer({{"group.id", "g"}});
  consumer->subscribe({"t"}, listener);
  const TopicPartition zero[] = {{"t", 0}};
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { admin->alter_group_offsets("g", offsets, timeout); },
           [&] { admin->delete_group_offsets("g", zero, timeout); },
           [&] { admin->delete_group("g", timeout); }}) {
    EXPECT_NE(thrown_by(call).find("GROUP_NOT_EMPTY"), std::string::npos);
  }
  consumer->close(timeout);
  admin->delete_group_offsets("g", zero, timeout);
  EXPECT_EQ(admin->group_offsets("g", timeout), (OffsetMap{{{"t", 1}, Offset{5}}}));
  admin->delete_group("g", timeout);
  EXPECT_TRUE(admin->group_offsets("g", timeout).empty());
  admin->delete_group("never seen", timeout);
}

TEST_F(EmbeddedAdministration, OffsetsOfPartitionsThatAreMissingAreRefused) {
  admin->create_topic({"t", 1}, timeout);
  for (const TopicPartition& tp :
       {TopicPartition{"u", 0}, TopicPartition{"t", 1}, TopicPartition{"t", -1}}) {
    EXPECT_NE(thrown_by([&] {
                admin->alter_group_offsets("g", {{tp, Offset{0}}}, timeout);
              }).find("UNKNOWN_TOPIC_OR_PARTITION"),
              std::string::npos);
  }
  EXPECT_TRUE(admin->group_offsets("g", timeout).empty());
}

}  // namespace
}  // namespace millrace::embedded
