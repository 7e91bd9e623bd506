// Does the automaton find what a plain search finds?
#include "text/pattern_set.h"

#include <gtest/gtest.h>
#include <random>

namespace hearth::text {
namespace {

std::vector<std::string> found(const std::vector<std::string>& patterns, std::string_view text) {
  const PatternSet set(patterns);
  std::vector<std::string> texts;
  for (const PatternSet::Match& match : set.find_all(text)) {
    texts.emplace_back(text.substr(match.begin, match.length));
    EXPECT_EQ(patterns.at(match.pattern), texts.back());
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(PatternSet, FindsTheLeftmostAndLongest) {
  EXPECT_EQ(found({"ab", "abc", "bcd", "d"}, "abcd"), (Texts{"abc", "d"}));
  EXPECT_EQ(found({"abcd", "bc"}, "abce"), (Texts{"bc"}));
  EXPECT_EQ(found({"<a>", "<ab>"}, "<<ab><a"), (Texts{"<ab>"}));
  EXPECT_EQ(found({}, "abc"), Texts{});
  EXPECT_EQ(found({"", "b"}, "abc"), (Texts{"b"}));
}

TEST(PatternSet, TellsWhetherAnEndMayGoOn) {
  const std::vector<std::string> patterns{"<end>", "end>x"};
  const PatternSet set(patterns);
  EXPECT_EQ(set.open_end("a<en"), 3u);
  EXPECT_EQ(set.open_end("a<end>"), 4u);  // "end>" may become "end>x"
  EXPECT_EQ(set.open_end("a<end>x"), 0u);
  EXPECT_EQ(set.open_end("plain"), 0u);
}

TEST(PatternSet, AgreesWithAPlainSearchOnRandomTexts) {
  std::mt19937 random(9);
  const auto word = [&random](std::size_t most) {
    std::string text(1 + random() % most, 'a');
    for (char& c : text) c = static_cast<char>('a' + random() % 2);
    return text;
  };
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::string> patterns;
    for (std::size_t i = 0; i <= random() % 4; ++i) patterns.push_back(word(4));
    const std::string text = word(20);
    Texts plain;
    for (std::size_t at = 0; at < text.size();) {
      std::string longest;
      for (const std::string& pattern : patterns) {
        if (text.compare(at, pattern.size(), pattern) == 0 && pattern.size() > longest.size()) {
          longest = pattern;
        }
      }
      if (!longest.empty()) plain.push_back(longest);
      at += std::max<std::size_t>(longest.size(), 1);
    }
    EXPECT_EQ(found(patterns, text), plain) << text;
    EXPECT_EQ(PatternSet(patterns).found_in(text), !plain.empty());
  }
}

}  // namespace
}  // namespace hearth::text
