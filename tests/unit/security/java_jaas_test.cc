// The grammar of sasl.jaas.config beside Kafka's own parser (JaasOracle.java).

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "millrace/errors.h"
#include "runtime/security/jaas.h"
#include "tests/support/java_program.h"
#include "tests/support/temporary_folder.h"

namespace millrace::security {
namespace {

using testing_support::to_hex;

/// As the oracle prints it; what only we accept counts as refused.
std::string ours(const std::string& text) {
  try {
    const JaasEntry entry = parse_jaas(text);
    if (!entry.warnings.empty()) return "-";
    std::map<std::string, std::string> sorted;
    for (const auto& [key, value] : entry.options) sorted.emplace(to_hex(key), to_hex(value));
    std::string out = to_hex(entry.module);
    for (const auto& [key, value] : sorted) out += " " + key + "=" + value;
    return out;
  } catch (const ConfigException&) {
    return "-";
  }
}

/// Mostly well-formed, with every token of the grammar in wrong places too.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kPieces = {
      " ", "\t", "\n", "\r", "=", ";", "/", "//", "/*", "*/", "\"", "'", "\\", "\\n", "\\101",
      "\\4007", "\\377", "a", "user.name", "p-w_1$", "-", "-5", ".5", "12", "@", ",", "ü", "€",
      "\xC2\x85", "\xC2\xA0", "😀", "required", "\"x y\"", "'q\"q'", "\"\"", "\"a\\\"b\"",
      "/* c */", "// c\n", "k=v", "k = \"v\"", "k=1", "k=u@h"};
  const auto pick = [&] { return kPieces[random() % kPieces.size()]; };
  std::string text;
  if (random() % 4 != 0) text = "org.a.Module ReQuired ";
  for (int i = static_cast<int>(random() % 6); i > 0; --i) {
    if (random() % 2 == 0) text += " key" + std::to_string(i) + "=" + pick();
    else text += pick();
    if (random() % 3 == 0) text += " ";
  }
  if (random() % 6 != 0) text += ";";
  if (random() % 20 == 0) text += pick();
  return text;
}

TEST(JavaJaas, TheSameTextsAreReadAlike) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr int kTexts = 20'000;
  const testing_support::TemporaryFolder folder;
  std::vector<std::string> texts;
  std::ofstream in(folder / "in");
  for (int i = 0; i < kTexts; ++i) {
    texts.push_back(random_text(random));
    if (texts.back().empty()) texts.back() = " ";
    in << to_hex(texts.back()) << '\n';
  }
  in.close();
  const std::string command =
      "java -Xshare:auto -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=off "
      "-cp \"$(" MILLRACE_SETUP " --print-kafka-jars)/*\" '" MILLRACE_JAAS "' < '" +
      (folder / "in").string() + "' > '" + (folder / "out").string() + "' 2> '" +
      (folder / "log").string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << testing_support::read_text(folder / "log");
  std::ifstream out(folder / "out");
  std::string line;
  int accepted = 0;
  for (const std::string& text : texts) {
    ASSERT_TRUE(std::getline(out, line));
    if (line != "-") ++accepted;
    ASSERT_EQ(ours(text), line) << text;
  }
  EXPECT_GT(accepted, kTexts / 20);
}

}  // namespace
}  // namespace millrace::security
