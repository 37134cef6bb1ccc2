#include "runtime/storage/config_transformer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "millrace/errors.h"
#include "tests/support/temporary_folder.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

class ConfigTransformerTest : public testing::Test {
 protected:
  ConfigTransformerTest() {
    write("secrets.properties", "password=s\\u00e9cret\nutf=h\xc3\xa9\nnested=${env:A}\n");
    fs::create_directory(root_ / "dir");
    write("dir/token", "abc\n");
    fs::create_directory(root_ / "dir" / "sub");
    config_ = {{"config.providers", "file, dir,env"},
               {"config.providers.file.class",
                "org.apache.kafka.common.config.provider.FileConfigProvider"},
               {"config.providers.dir.class", "Directory"},
               {"config.providers.env.class", "EnvVarConfigProvider"}};
  }

  void write(const std::string& name, const std::string& text) {
    testing_support::write_text(root_ / name, text);
  }
  std::string file() const { return (root_ / "secrets.properties").string(); }
  std::string resolve(const std::string& value) const {
    return ConfigTransformer::of(config_).resolve({{"k", value}}).at("k");
  }

  testing_support::TemporaryFolder root_;
  Properties config_;
};

std::string with_env(const std::string& value) {
  const Properties environment = {{"A", "1"}, {"B", "2"}, {"x:y", "colon"}, {"V", "${e:A}"}};
  ConfigTransformer::Providers providers;
  providers["e"] = make_env_var_provider({}, environment);
  return ConfigTransformer(std::move(providers)).resolve({{"k", value}}).at("k");
}

TEST(VariableTest, SyntaxFollowsKafkasPattern) {
  EXPECT_EQ(with_env("${e:A}"), "1");
  EXPECT_EQ(with_env("a${e:A}b${e:B}c"), "a1b2c");
  EXPECT_EQ(with_env("${e::A}"), "1");              // empty path
  EXPECT_EQ(with_env("${e::x:y}"), "colon");        // the rest is the key
  EXPECT_EQ(with_env("$${e:A}"), "$1");             // no escaping
  EXPECT_EQ(with_env("${e:V}"), "${e:A}");          // not recursive
  EXPECT_EQ(with_env("${e:NONE}"), "${e:NONE}");    // missing key
  EXPECT_EQ(with_env("${other:A}"), "${other:A}");  // unknown provider
  EXPECT_EQ(with_env("${e}${e:A}"), "${e}1");
  EXPECT_EQ(with_env("${e:A"), "${e:A");
  EXPECT_EQ(with_env("{e:A}"), "{e:A}");
  EXPECT_EQ(with_env(""), "");
}

TEST(VariableTest, KeysAreNotReplaced) {
  ConfigTransformer::Providers providers;
  providers["e"] = make_env_var_provider({}, {{"A", "1"}});
  const auto resolved = ConfigTransformer(std::move(providers)).resolve({{"${e:A}", "x"}});
  EXPECT_EQ(resolved, (Properties{{"${e:A}", "x"}}));
}

TEST(VariableTest, IsRecognisedWhetherItResolvesOrNot) {
  EXPECT_TRUE(has_variable("a ${x:y} b"));
  EXPECT_TRUE(has_variable("${x:p:k}"));
  EXPECT_FALSE(has_variable("${x}"));
  EXPECT_FALSE(has_variable("${x:y"));
  EXPECT_FALSE(has_variable("x:y}"));
}

TEST_F(ConfigTransformerTest, FileProviderReadsUtf8Properties) {
  EXPECT_EQ(resolve("${file:" + file() + ":password}"),
            "s\xc3\xa9"
            "cret");
  EXPECT_EQ(resolve("${file:" + file() + ":utf}"), "h\xc3\xa9");
  EXPECT_EQ(resolve("${file:" + file() + ":nested}"), "${env:A}");
  EXPECT_EQ(resolve("${file:" + file() + ":none}"), "${file:" + file() + ":none}");
  EXPECT_EQ(resolve("${file:key}"), "${file:key}");
}

TEST_F(ConfigTransformerTest, UnreadableFileIsAnError) {
  const std::string missing = (root_ / "missing").string();
  try {
    resolve("${file:" + missing + ":k}");
    FAIL() << "no exception";
  } catch (const ConfigException& error) {
    EXPECT_EQ(std::string(error.what()), "Could not read properties from file " + missing);
    EXPECT_NE(describe(error).find("Caused by: "), std::string::npos);
  }
}

TEST_F(ConfigTransformerTest, DirectoryProviderGivesWholeFilesOfThatFolderOnly) {
  const std::string dir = (root_ / "dir").string();
  EXPECT_EQ(resolve("${dir:" + dir + ":token}"), "abc\n");
  EXPECT_EQ(resolve("${dir:" + dir + ":sub}"), "${dir:" + dir + ":sub}");
  EXPECT_EQ(resolve("${dir:" + dir + ":../secrets.properties}"),
            "${dir:" + dir + ":../secrets.properties}");
  EXPECT_EQ(resolve("${dir:" + file() + ":x}"), "${dir:" + file() + ":x}");
}

TEST_F(ConfigTransformerTest, AllowedPathsLimitWhatIsRead) {
  const std::string dir = (root_ / "dir").string();
  config_["config.providers.file.param.allowed.paths"] = dir;
  EXPECT_EQ(resolve("${file:" + file() + ":utf}"), "${file:" + file() + ":utf}");
  const std::string sneaky = dir + "/../secrets.properties";
  EXPECT_EQ(resolve("${file:" + sneaky + ":utf}"), "${file:" + sneaky + ":utf}");
  // A folder whose name merely starts like an allowed one.
  fs::create_directory(root_ / "dir2");
  write("dir2/f.properties", "a=b");
  const std::string other = (root_ / "dir2" / "f.properties").string();
  EXPECT_EQ(resolve("${file:" + other + ":a}"), "${file:" + other + ":a}");
  config_["config.providers.file.param.allowed.paths"] = dir + "," + root_.path().string() + "/";
  EXPECT_EQ(resolve("${file:" + file() + ":utf}"), "h\xc3\xa9");
}

TEST_F(ConfigTransformerTest, BadAllowedPathsAreConfigErrors) {
  config_["config.providers.file.param.allowed.paths"] = "relative";
  try {
    ConfigTransformer::of(config_);
    FAIL() << "no exception";
  } catch (const ConfigException& error) {
    EXPECT_STREQ(error.what(), "Path relative is not absolute");
  }
  const std::string missing = (root_ / "missing").string();
  config_["config.providers.file.param.allowed.paths"] = missing;
  try {
    ConfigTransformer::of(config_);
    FAIL() << "no exception";
  } catch (const ConfigException& error) {
    EXPECT_EQ(std::string(error.what()), "Path " + missing + " does not exist");
  }
}

TEST_F(ConfigTransformerTest, EnvironmentTakesNoPathAndHonoursItsAllowlist) {
  try {
    resolve("${env:a:b}");
    FAIL() << "no exception";
  } catch (const ConfigException& error) {
    EXPECT_STREQ(error.what(), "Path is not supported for EnvVarConfigProvider, invalid value 'a'");
  }
  const auto provider =
      make_env_var_provider({{"allowlist.pattern", "APP_.*"}}, {{"APP_A", "1"}, {"MY_APP_A", "2"}});
  EXPECT_EQ(provider->get("", {"APP_A", "MY_APP_A"}), (Properties{{"APP_A", "1"}}));
  EXPECT_THROW(make_env_var_provider({{"allowlist.pattern", "("}}, {}), ConfigException);
}

TEST_F(ConfigTransformerTest, WorkerFileNamesAreNotTrimmed) {
  config_["plain"] = "${file:" + file() + ":utf}";
  config_["after.blank"] = "${dir:" + (root_ / "dir").string() + ":token}";
  const Properties resolved = resolve_worker_config(config_);
  EXPECT_EQ(resolved.at("plain"), "h\xc3\xa9");
  EXPECT_EQ(resolved.at("after.blank"), config_.at("after.blank"));  // " dir" has no class
  EXPECT_EQ(ConfigTransformer::of(config_).resolve(config_).at("after.blank"), "abc\n");
}

TEST_F(ConfigTransformerTest, UnknownProviderClassIsAnErrorAndAMissingOneIsNot) {
  config_["config.providers.file.class"] = "com.example.Vault";
  try {
    ConfigTransformer::of(config_);
    FAIL() << "no exception";
  } catch (const ConfigException& error) {
    EXPECT_EQ(std::string(error.what())
                  .rfind("Invalid value com.example.Vault for configuration "
                         "config.providers.file.class: Could not load",
                         0),
              0U);
  }
  config_.erase("config.providers.file.class");
  EXPECT_EQ(resolve("${file:" + file() + ":utf}"), "${file:" + file() + ":utf}");
}

}  // namespace
}  // namespace millrace
