// Plugin paths and files, good and bad.

#include <sys/stat.h>

#include <random>

#include "runtime/plugins/loader.h"
#include "tests/unit/plugins/plugin_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing_support::read_text;
using testing_support::write_text;
using LoadingTest = PluginFixture;

TEST_F(LoadingTest, FindsPluginsInFoldersAndTheirSubfolders) {
  place("good", "good.so");
  place("same_alias", "sub/any-name.so");
  place("throws_int", "sub/deeper/throws.so");  // too deep
  registry_.load_path(path_);
  EXPECT_THAT(class_names(),
              ElementsAre("org.good.GoodSourceConnector", "org.other.GoodSourceConnector",
                          "org.good.GoodConverter"));
  EXPECT_THAT(CapturedLog::lines(), IsEmpty());
  const PluginClass* good = registry_.find(PluginKind::Source, "org.good.GoodSourceConnector");
  ASSERT_NE(good, nullptr);
  EXPECT_EQ(good->version, "1.9");
  EXPECT_EQ(good->connector()->task_class(), "test.Task");
}

TEST_F(LoadingTest, AnEntryMayBeAFile) {
  const std::string file = place("good", "good.so");
  registry_.load_path(" " + file + " ,");
  EXPECT_THAT(class_names(), SizeIs(2));
}

TEST_F(LoadingTest, BadEntriesAreLoggedAndTheRestLoads) {
  place("good", "sub/good.so");
  write_text(folder_ / "file.txt", "x");
  std::filesystem::create_symlink(folder_ / "loop", folder_ / "loop");
  registry_.load_path(path_ + "/none," + path_ + "/file.txt," + path_ + "/loop," + path_ + "/sub");
  EXPECT_THAT(class_names(), SizeIs(2));
  EXPECT_THAT(CapturedLog::lines(),
              ElementsAre("Could not get listing for plugin path: " + path_ +
                              "/none. Ignoring. No such file or directory",
                          "Could not get listing for plugin path: " + path_ +
                              "/file.txt. Ignoring. Not a directory",
                          "Could not get listing for plugin path: " + path_ +
                              "/loop. Ignoring. Too many levels of symbolic links"));
}

TEST_F(LoadingTest, AnEmptyPathLoadsNothing) {
  registry_.load_path("");
  registry_.load_path(" , ,");
  EXPECT_THAT(class_names(), IsEmpty());
  EXPECT_THAT(CapturedLog::lines(), IsEmpty());
}

TEST_F(LoadingTest, OtherFilesAreLeftAlone) {
  write_text(folder_ / "connect-file.jar", "PK");
  write_text(folder_ / "README", "x");
  place("library", "library.so");  // aborts when it is loaded
  place("good", "good.so.1");      // not named like a plugin
  registry_.load_path(path_);
  EXPECT_THAT(class_names(), IsEmpty());
  EXPECT_THAT(CapturedLog::lines(), IsEmpty());
  EXPECT_THAT(registry_.refused(), IsEmpty());
}

TEST_F(LoadingTest, AnotherAbiIsRefusedWithBothStampsAndTheRestLoads) {
  const std::string bad = place("other_abi", "a/other.so");
  place("good", "b/good.so");
  registry_.load_path(path_);
  EXPECT_THAT(class_names(), SizeIs(2));
  const std::string message =
      "loading plugin " + bad + ": it was built for \"millrace-0;gcc4\", this worker is \"" +
      MILLRACE_ABI_STAMP + "\"; build it again against this worker's headers";
  EXPECT_THAT(registry_.refused(), ElementsAre(Pair(bad, message)));
  EXPECT_THAT(CapturedLog::lines(), ElementsAre(message));
}

TEST_F(LoadingTest, ARegistrationThatThrowsLeavesNothingBehind) {
  const std::string error = place("throws_error", "a.so");
  const std::string number = place("throws_int", "b.so");
  place("good", "c.so");
  registry_.load_path(path_);
  EXPECT_THAT(class_names(), SizeIs(2));
  EXPECT_EQ(registry_.find_connector("ThrowsSink"), nullptr);
  EXPECT_THAT(registry_.refused(),
              ElementsAre(Pair(error, "loading plugin " + error +
                                          ": describing its classes failed: "
                                          "org.apache.kafka.connect.errors.ConnectException: no"),
                          Pair(number, "loading plugin " + number +
                                           ": describing its classes failed: "
                                           "java.lang.RuntimeException: something that is not an "
                                           "exception was thrown")));
}

TEST_F(LoadingTest, AMissingSymbolIsNamed) {
  const std::string file = place("missing_symbol", "bad.so");
  registry_.load_path(path_);
  EXPECT_THAT(class_names(), IsEmpty());
  EXPECT_THAT(registry_.refused().at(file),
              testing::AllOf(HasSubstr("loading plugin " + file + ": "),
                             HasSubstr("undefined symbol"), HasSubstr("nobody_defines_this")));
}

TEST_F(LoadingTest, AnEntryThatGivesNothing) {
  const std::string file = place("no_entry", "bad.so");
  registry_.load_path(path_);
  EXPECT_EQ(registry_.refused().at(file),
            "loading plugin " + file +
                ": millrace_plugin_entry gave nothing; define it with MILLRACE_PLUGIN");
}

TEST_F(LoadingTest, FilesThatAreNoSharedObjects) {
  const std::string whole = read_text(place("good", "whole.so"));
  std::string narrow = whole;
  narrow[4] = 1;  // ELFCLASS32
  const std::pair<const char*, std::string> cases[] = {{"empty", ""},
                                                       {"text", "#!/bin/sh\nexit 1\n"},
                                                       {"head", whole.substr(0, 40)},
                                                       {"narrow", narrow}};
  for (const auto& [name, content] : cases) {
    const std::string file = folder_ / (std::string(name) + ".so");
    write_text(file, content);
    registry_.load_path(file);
    EXPECT_EQ(registry_.refused().at(file),
              "Ignoring " + file + " in the plugin path: it is not a 64-bit ELF shared object");
  }
  const std::string gone = folder_ / "gone.so";
  std::filesystem::create_symlink(folder_ / "nowhere", gone);
  registry_.load_path(gone);
  EXPECT_EQ(registry_.refused().at(gone),
            "Ignoring " + gone + " in the plugin path: No such file or directory");
  EXPECT_THAT(class_names(), IsEmpty());
}

// A copy that broke off, at any length: refused, and never mapped beyond its end.
TEST_F(LoadingTest, ATruncatedPluginIsRefused) {
  const std::string whole = read_text(place("good", "good/whole.so"));
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::string file = folder_ / "cut.so";
  for (int round = 0; round < 100; ++round) {
    const size_t length = round == 0 ? whole.size() - 1 : 64 + random() % (whole.size() - 64);
    write_text(file, whole.substr(0, length));
    const PluginFile kind = inspect_plugin(file);
    ASSERT_EQ(kind.kind, PluginFile::Kind::Unusable) << "cut to " << length << " bytes";
    EXPECT_EQ(kind.reason, "it is cut off");
  }
  registry_.load_path(file);
  EXPECT_THAT(registry_.refused(), SizeIs(1));
}

// Looking at a damaged file never crashes, whatever the verdict.
TEST_F(LoadingTest, DamagedHeadersAreReadSafely) {
  const std::string whole = read_text(place("good", "good/whole.so"));
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::string file = folder_ / "damaged.so";
  const size_t sections = whole.size() - std::min<size_t>(whole.size(), 4096);
  size_t refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 8; ++i) {
      // The ELF header, the program headers, or the section headers at the end.
      const size_t at =
          i % 2 == 0 ? random() % 1024 : sections + random() % (bytes.size() - sections);
      bytes[at] = static_cast<char>(random());
    }
    write_text(file, bytes);
    refused += inspect_plugin(file).kind == PluginFile::Kind::Unusable ? 1 : 0;
  }
  EXPECT_GT(refused, 0U);
}

TEST_F(LoadingTest, APipeOrFolderNamedLikeAPluginHoldsNothingUp) {
  const std::string pipe = folder_ / "pipe.so";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_directory(folder_ / "folder.so");
  place("good", "folder.so/good.so");
  registry_.load_path(path_);
  EXPECT_THAT(class_names(), SizeIs(2));
  EXPECT_THAT(registry_.refused(), ElementsAre(Pair(pipe, HasSubstr("not a 64-bit ELF"))));
}

TEST_F(LoadingTest, AFileIsLoadedOnceHoweverOftenThePathLeadsToIt) {
  place("good", "good.so");
  std::filesystem::create_directory_symlink(folder_.path(), folder_ / "again");
  registry_.load_path(path_ + "," + path_ + "," + path_ + "/again");
  EXPECT_THAT(class_names(), SizeIs(2));
  EXPECT_THAT(CapturedLog::lines(), IsEmpty());
}

TEST_F(LoadingTest, OfTwoVersionsTheNewerIsUsed) {
  for (const bool newer_first : {true, false}) {
    testing_support::TemporaryFolder folder;
    const std::filesystem::path modules = TEST_MODULES;
    std::filesystem::copy_file(modules / "newer.so", folder / (newer_first ? "a.so" : "b.so"));
    std::filesystem::copy_file(modules / "good.so", folder / (newer_first ? "b.so" : "a.so"));
    CapturedLog::lines().clear();
    PluginRegistry registry;
    registry.load_path(folder.path());
    ASSERT_THAT(registry.all(), SizeIs(2));
    const PluginClass* used = registry.find_connector("GoodSource");
    ASSERT_NE(used, nullptr) << "two versions of a class are not ambiguous";
    EXPECT_EQ(used->version, "1.10");
    EXPECT_THAT(CapturedLog::lines(),
                testing::Contains("Class org.good.GoodSourceConnector was found twice, the second "
                                  "time in " +
                                  (folder / "b.so").string() + "; ignoring version 1.9"));
  }
}

TEST_F(LoadingTest, OfEqualVersionsTheFirstIsUsed) {
  place("good", "a.so");
  const std::string second = place("good", "b.so");
  registry_.load_path(path_);
  EXPECT_THAT(class_names(), SizeIs(2));
  EXPECT_THAT(CapturedLog::lines(), SizeIs(2));
  EXPECT_THAT(CapturedLog::lines()[0], HasSubstr(second + "; ignoring version 1.9"));
}

}  // namespace
}  // namespace millrace
