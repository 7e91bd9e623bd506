// Are reasoning and answer told apart, wherever the text is cut?
#include "text/reasoning_splitter.h"

#include <gtest/gtest.h>

namespace hearth::text {
namespace {

const ReasoningMarkers kThink{"<think>", "</think>"};

struct Parts {
  std::string reasoning;
  std::string content;
  bool operator==(const Parts&) const = default;
};

void collect(std::span<const ReplyPiece> pieces, Parts& parts) {
  for (const ReplyPiece& piece : pieces) {
    (piece.kind == ReplyPiece::Kind::Reasoning ? parts.reasoning : parts.content) += piece.text;
  }
}

Parts split(const std::vector<std::string>& deltas, bool inside,
            const ReasoningMarkers& markers = kThink) {
  ReasoningSplitter splitter(markers, inside);
  Parts parts;
  for (const std::string& delta : deltas) collect(splitter.push(delta), parts);
  collect(splitter.finish(), parts);
  return parts;
}

std::vector<std::string> bytes_of(const std::string& text) {
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  return bytes;
}

struct Case {
  std::string text;
  bool inside;
  Parts expected;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      {"<think>\nWhy not?\n</think>\n\nYes.", false, {"Why not?", "Yes."}},
      {"\n<think>a</think>b", false, {"a", "b"}},
      {"Why not?\n\n</think>\n\nYes.\n", true, {"Why not?", "Yes.\n"}},
      {"<think>\nagain</think>Yes", true, {"again", "Yes"}},  // the marker repeated
      {"no markers at all", false, {"", "no markers at all"}},
      {"  leading space", false, {"", "  leading space"}},
      {"the tag <think> is text here</think>", false, {"", "the tag <think> is text here</think>"}},
      {"<thin", false, {"", "<thin"}},
      {"never closed\n</thi", true, {"never closed\n</thi", ""}},
      {"a\n\nb\n</think>\nc", true, {"a\n\nb", "c"}},
      {"<think></think>only this", false, {"", "only this"}},
      {"a</think>\n<think>b</think>c", true, {"ab", "c"}},
      {"a < b </ c </think> d", true, {"a < b </ c ", " d"}},
      {"", true, {"", ""}},
      {"\n\n", false, {"", "\n\n"}},
  };
  return kCases;
}

TEST(ReasoningSplitter, TellsReasoningFromContent) {
  for (const Case& c : cases()) EXPECT_EQ(split({c.text}, c.inside), c.expected) << c.text;
}

TEST(ReasoningSplitter, EveryCutGivesTheSame) {
  for (const Case& c : cases()) {
    EXPECT_EQ(split(bytes_of(c.text), c.inside), c.expected) << c.text;
    for (std::size_t at = 0; at <= c.text.size(); ++at) {
      EXPECT_EQ(split({c.text.substr(0, at), c.text.substr(at)}, c.inside), c.expected)
          << c.text << " at " << at;
    }
  }
}

TEST(ReasoningSplitter, HoldsBackOnlyWhatMayBeAMarker) {
  ReasoningSplitter splitter(kThink, true);
  Parts parts;
  collect(splitter.push("Let me see"), parts);
  EXPECT_EQ(parts.reasoning, "Let me see");
  collect(splitter.push(" </th"), parts);
  EXPECT_EQ(parts.reasoning, "Let me see ");
  collect(splitter.push("ousand"), parts);
  EXPECT_EQ(parts.reasoning, "Let me see </thousand");
  EXPECT_TRUE(splitter.in_reasoning());
  collect(splitter.push("</think>Yes"), parts);
  EXPECT_FALSE(splitter.in_reasoning());
  EXPECT_EQ(parts.content, "Yes");
}

TEST(ReasoningSplitter, KnowsTheMarkersOfFamilies) {
  const ReasoningMarkers gemma{"<|channel>thought", "<channel|>"};
  EXPECT_EQ(reasoning_markers_of("{{ '<|channel>thought\\n' }}"), gemma);
  EXPECT_EQ(split({"<|channel>thought\nhm\n<channel|>yes"}, false, gemma), (Parts{"hm", "yes"}));
  EXPECT_EQ(reasoning_markers_of("{{ '<think>' }}"), kThink);
  EXPECT_FALSE(reasoning_markers_of("{{ messages }}").has_value());
}

TEST(EndsInReasoning, LooksAtTheLastMarkers) {
  EXPECT_TRUE(ends_in_reasoning("<|assistant|><think>\n", kThink));
  EXPECT_FALSE(ends_in_reasoning("<think>\n\n</think>\n\n", kThink));
  EXPECT_TRUE(ends_in_reasoning("<think>a</think>b<think>", kThink));
  EXPECT_FALSE(ends_in_reasoning("plain", kThink));
}

}  // namespace
}  // namespace hearth::text
