// Remembered shapes of objects change nothing of what is parsed.

#include "runtime/core/json_shape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "millrace/json.h"
#include "runtime/core/interned_names.h"

namespace millrace {
namespace {

struct Parsed {
  std::string error;
  std::string text;  // members in their order
};

Parsed parse(const std::string& text, bool as_java_map) {
  Arena arena;
  JavaMapOrder order;
  Value value;
  Parsed result;
  result.error = parse_json(text, arena, value, JsonNumbers::Double, nullptr,
                            as_java_map ? &order : nullptr);
  if (result.error.empty()) append_json(result.text, value);
  return result;
}

/// On a thread that has not parsed anything yet.
Parsed parse_afresh(const std::string& text, bool as_java_map) {
  Parsed result;
  std::thread([&] { result = parse(text, as_java_map); }).join();
  return result;
}

class Documents {
 public:
  explicit Documents(uint64_t seed) : random_(seed) {
    for (int i = 0; i < 6; ++i) shapes_.push_back(names(1 + below(i == 5 ? 80 : 9)));
  }

  /// One of few shapes, often the last one, sometimes changed, sometimes broken.
  std::string next() {
    if (below(3) == 0) shape_ = below(shapes_.size());
    std::string text = object(shapes_[shape_], 0);
    if (below(12) == 0) text.erase(below(text.size()), 1);
    if (below(20) == 0) text.resize(below(text.size()));
    return text;
  }

 private:
  size_t below(size_t limit) { return static_cast<size_t>(random_() % limit); }

  std::vector<std::string> names(size_t count) {
    static const std::vector<std::string> kOdd{"", "a\\\"b", "a\\\\b", "\\u0041", "\xC3\xA4",
                                               std::string(15, 'x'), std::string(16, 'x'),
                                               std::string(17, 'x'), std::string(300, 'y')};
    std::vector<std::string> all;
    for (size_t i = 0; i < count; ++i) {
      all.push_back(below(4) == 0 ? kOdd[below(kOdd.size())]
                                  : std::string(1 + below(20), static_cast<char>('a' + below(26))));
    }
    return all;  // a name may come twice
  }

  std::string object(std::vector<std::string> names, int depth) {
    const auto place = [&] { return names.begin() + static_cast<ptrdiff_t>(below(names.size())); };
    if (below(10) == 0) names.insert(place(), "new");
    if (below(10) == 0) names.erase(place());
    if (below(10) == 0) std::shuffle(names.begin(), names.end(), random_);
    std::string text = "{";
    for (const std::string& name : names) {
      if (text.size() > 1) text += below(8) == 0 ? " , " : ",";
      text += '"' + name + (below(8) == 0 ? "\" : " : "\":") + value(depth);
    }
    return text + "}";
  }

  std::string value(int depth) {
    switch (below(depth < 10 ? 7 : 6)) {
      case 0: return std::to_string(static_cast<int64_t>(random_()));
      case 1: return "\"text\"";
      case 2: return "null";
      case 3: return std::to_string(static_cast<double>(below(100'000)) / 1000);
      case 4: return "[1,{\"b\":1,\"a\":2}]";
      case 5: return "true";
      default: return object(shapes_[below(shapes_.size() - 1)], depth + 1);
    }
  }

  std::mt19937_64 random_;
  std::vector<std::vector<std::string>> shapes_;
  size_t shape_ = 0;
};

TEST(JsonShapeTest, WarmAndColdThreadsParseTheSame) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Documents documents(seed);
  for (int i = 0; i < 3'000; ++i) {
    const std::string text = documents.next();
    const bool as_java_map = i % 2 == 0;
    const Parsed warm = parse(text, as_java_map);
    const Parsed cold = parse_afresh(text, as_java_map);
    ASSERT_EQ(warm.error, cold.error) << text;
    ASSERT_EQ(warm.text, cold.text) << text;
  }
}

TEST(JsonShapeTest, RepeatedNamesHaveOneAddress) {
  std::thread([] {
    Arena arena;
    Value value;
    const std::string text = R"({"json_shape_test":1,"second":2})";
    for (int i = 0; i < 2; ++i) ASSERT_EQ(parse_json(text, arena, value), "");
    EXPECT_FALSE(is_interned(value.as_map()[0].key.as_string().data()));
    for (int i = 0; i < 2; ++i) {
      const std::string copy = text;
      ASSERT_EQ(parse_json(copy, arena, value), "");
      EXPECT_TRUE(is_interned(value.as_map()[0].key.as_string().data()));
      EXPECT_EQ(value.as_map()[1].key.as_string(), "second");
    }
  }).join();
}

TEST(InternedNamesTest, AreBounded) {
  std::vector<std::string> texts{std::string(kInternedBytes, 'z'), "interned_names_test"};
  std::vector<std::string_view> names(texts.begin(), texts.end());
  EXPECT_FALSE(intern_names(names));
  EXPECT_FALSE(is_interned(names[1].data()));
  ASSERT_TRUE(intern_names(std::span(names).subspan(1)));
  EXPECT_TRUE(is_interned(names[1].data()));
  EXPECT_EQ(names[1], "interned_names_test");
  std::string_view again = texts[1];
  ASSERT_TRUE(intern_names(std::span(&again, 1)));
  EXPECT_EQ(again.data(), names[1].data());
}

}  // namespace
}  // namespace millrace
