// Are stop strings found wherever the text is cut, and is nothing else lost?
#include "text/stop_matcher.h"

#include <gtest/gtest.h>
#include <random>

namespace hearth::text {
namespace {

struct Outcome {
  std::string text;
  std::string stop;
  bool operator==(const Outcome&) const = default;
};

Outcome run_matcher(const std::vector<std::string>& stops, const std::vector<std::string>& deltas) {
  StopMatcher matcher(stops);
  Outcome outcome;
  for (const std::string& delta : deltas) outcome.text += matcher.push(delta);
  outcome.text += matcher.finish();
  outcome.stop = matcher.stop_string();
  return outcome;
}

TEST(StopMatcher, GivesWhatStandsBeforeTheMatchInTheSameToken) {
  EXPECT_EQ(run_matcher({"END"}, {"all good END of it"}), (Outcome{"all good ", "END"}));
}

TEST(StopMatcher, HoldsBackOnlyWhatMayBeAMatch) {
  StopMatcher matcher({"\n\nUser:", "stop"});
  EXPECT_EQ(matcher.push("Hello"), "Hello");
  EXPECT_EQ(matcher.push(" st"), " ");
  EXPECT_EQ(matcher.push("ars\n"), "stars");
  EXPECT_EQ(matcher.push("\nUse"), "");
  EXPECT_EQ(matcher.push("ful"), "\n\nUseful");
  EXPECT_FALSE(matcher.stopped());
  EXPECT_EQ(matcher.push("\n\nUser"), "");
  EXPECT_EQ(matcher.finish(), "\n\nUser");
}

TEST(StopMatcher, SwallowsWhatComesAfter) {
  StopMatcher matcher({"x"});
  EXPECT_EQ(matcher.push("ax"), "a");
  EXPECT_TRUE(matcher.stopped());
  EXPECT_EQ(matcher.push("more"), "");
  EXPECT_EQ(matcher.finish(), "");
}

TEST(StopMatcher, OverlappingBeginningsAreNotMissed) {
  EXPECT_EQ(run_matcher({"aab"}, {"aaab"}), (Outcome{"a", "aab"}));
  EXPECT_EQ(run_matcher({"abcd", "bc"}, {"abcd"}), (Outcome{"a", "bc"}));  // ends first
  EXPECT_EQ(run_matcher({"c", "abc"}, {"xabc"}),
            (Outcome{"x", "abc"}));  // the longest that ends there
}

TEST(StopMatcher, EmptyStringsNeverMatch) {
  EXPECT_EQ(run_matcher({""}, {"text"}), (Outcome{"text", ""}));
  EXPECT_EQ(run_matcher({}, {"text"}), (Outcome{"text", ""}));
}

TEST(StopMatcher, EveryCutGivesTheSame) {
  const std::string text = "Grüße — 日本 <stop> und ###";
  const std::vector<std::string> stops{"<stop!>", "本 <stop>", "###"};
  const Outcome whole = run_matcher(stops, {text});
  EXPECT_EQ(whole, (Outcome{"Grüße — 日", "本 <stop>"}));
  for (std::size_t a = 0; a <= text.size(); ++a) {
    EXPECT_EQ(run_matcher(stops, {text.substr(0, a), text.substr(a)}), whole) << a;
  }
}

/// The definition itself: the match that ends first, the longest of those that end there.
Outcome by_definition(const std::vector<std::string>& stops, const std::string& text) {
  for (std::size_t end = 1; end <= text.size(); ++end) {
    const std::string before = text.substr(0, end);
    std::string longest;
    for (const std::string& stop : stops) {
      if (before.ends_with(stop) && stop.size() > longest.size()) longest = stop;
    }
    if (!longest.empty()) return {before.substr(0, end - longest.size()), longest};
  }
  return {text, ""};
}

TEST(StopMatcher, AgreesWithTheDefinitionOnRandomTexts) {
  std::mt19937 random(5);
  const auto word = [&random](std::size_t most) {
    std::string text(1 + random() % most, 'a');
    for (char& c : text) c = static_cast<char>('a' + random() % 3);
    return text;
  };
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> stops;
    for (std::size_t i = 0; i <= random() % 4; ++i) stops.push_back(word(5));
    std::vector<std::string> deltas;
    std::string text;
    for (int i = 0; i < 6; ++i) text += deltas.emplace_back(word(4));
    EXPECT_EQ(run_matcher(stops, deltas), by_definition(stops, text)) << text;
  }
}

}  // namespace
}  // namespace hearth::text
