// Comparisons of the demo model, and what is refused.
#include "quality/compare.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "base/testing/temp_folder.h"
#include "quality/built_in_text.h"
#include "quality/report.h"
#include "quality/token_windows.h"

namespace hearth::quality {
namespace {

const std::filesystem::path kDemo = std::filesystem::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo";

Result<Comparison> with_itself(std::uint64_t memory_bytes) {
  return compare({.reference = kDemo,
                  .other = kDemo,
                  .tokens = 300,
                  .window = 128,
                  .memory_bytes = memory_bytes},
                 [](const CompareProgress&) { return true; });
}

TEST(Compare, AModelIsNotApartFromItself) {
  const auto found = with_itself(std::uint64_t{8} << 30);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->together);
  EXPECT_LT(found->distance.kl_max, 1e-9);
  EXPECT_EQ(found->distance.agreement, 1.0);
  EXPECT_EQ(found->distance.tokens, 300 - 3);  // the first of each window is not predicted
  EXPECT_EQ(found->text_tokens, 300);
  EXPECT_GT(found->whole_tokens, 2000);
  EXPECT_DOUBLE_EQ(found->reference.perplexity, found->other.perplexity);
  EXPECT_EQ(found->reference.weights, "8 bits in groups of 64");
  EXPECT_EQ(found->reference.parameters, 5'246'976);
  EXPECT_NEAR(found->reference.bits_per_weight, 8.5, 0.02);  // and norms in 16 bits
}

TEST(Compare, OneAfterTheOtherFindsTheSame) {
  const auto together = with_itself(std::uint64_t{8} << 30);
  const auto in_turn = with_itself(1);
  ASSERT_TRUE(together);
  ASSERT_TRUE(in_turn) << in_turn.error().message;
  EXPECT_FALSE(in_turn->together);
  EXPECT_DOUBLE_EQ(in_turn->distance.reference_perplexity, together->distance.reference_perplexity);
  EXPECT_LT(in_turn->distance.kl_max, 1e-9);
}

TEST(Compare, WindowsAreNoLongerThanTheShorterContext) {
  const base::testing::TempFolder copy;
  for (const auto& item : std::filesystem::directory_iterator(kDemo))
    if (item.path().filename() != "config.json")
      std::filesystem::create_symlink(item.path(), copy.path() / item.path().filename());
  std::ifstream file(kDemo / "config.json");
  auto config = base::parse_json(std::string{std::istreambuf_iterator<char>(file), {}});
  ASSERT_TRUE(config);
  config->as_object()["max_position_embeddings"] = 64;
  copy.write("config.json", base::write_json(*config));
  const auto found = compare({.reference = kDemo, .other = copy.path(), .tokens = 128},
                             [](const CompareProgress&) { return true; });
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->window, 64);
  EXPECT_EQ(found->distance.tokens, 128 - 2);
}

TEST(Compare, StopsWhenToldTo) {
  const auto stopped =
      compare({.reference = kDemo, .other = kDemo},
              [](const CompareProgress& progress) { return progress.tokens == 0; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
}

TEST(Compare, AFolderWithoutAModelIsNamed) {
  const base::testing::TempFolder empty;
  const auto found = compare({.reference = kDemo, .other = empty.path()},
                             [](const CompareProgress&) { return true; });
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find(empty.path().filename().string()), std::string::npos);
}

std::shared_ptr<const text::Tokenizer> words(std::string_view vocabulary) {
  const std::string json = fmt::format(
      R"({{"version":"1.0","model":{{"type":"WordLevel","vocab":{},"unk_token":"a"}},
           "pre_tokenizer":{{"type":"Whitespace"}}}})",
      vocabulary);
  auto made = text::Tokenizer::from_json(json, {});
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

TEST(Vocabulary, OtherTokensAreRefusedByTheFirstDifference) {
  const auto a = words(R"({"a":0,"b":1,"c":2})");
  EXPECT_TRUE(check_same_vocabulary(*a, *words(R"({"a":0,"b":1,"c":2})")));
  const auto renamed = check_same_vocabulary(*a, *words(R"({"a":0,"x":1,"c":2})"));
  ASSERT_FALSE(renamed);
  EXPECT_NE(renamed.error().message.find("token 1 is \"b\" in one and \"x\""), std::string::npos);
  EXPECT_FALSE(check_same_vocabulary(*a, *words(R"({"a":0,"b":1})")));
}

TEST(Windows, CoverTheTextWithoutOverlap) {
  const auto tokenizer = words(R"({"a":0,"b":1,"c":2})");
  const auto cut = cut_into_windows(*tokenizer, "a b c a b", {.tokens = 0, .window = 2});
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->windows, (std::vector<std::vector<std::int32_t>>{{0, 1}, {2, 0}}));
  EXPECT_EQ(cut->tokens, 4);  // nothing comes before the last one
  EXPECT_EQ(cut->of, 5);
  EXPECT_EQ(cut_into_windows(*tokenizer, "a b c", {.tokens = 2})->windows.size(), 1U);
  EXPECT_FALSE(cut_into_windows(*tokenizer, "a", {}));
  EXPECT_FALSE(cut_into_windows(*tokenizer, "a b", {.window = 1}));
}

TEST(Report, IsKeptWithTheModel) {
  const base::testing::TempFolder folder;
  EXPECT_FALSE(kept(folder.path()));
  Comparison comparison;
  comparison.other.folder = folder.path();
  comparison.other.perplexity = 5.5;
  comparison.reference.perplexity = 5.25;
  comparison.distance = {.tokens = 1000, .kl_mean = 0.0125, .agreement = 0.975};
  ASSERT_TRUE(keep(comparison, "org/plain", "the built-in text"));
  const auto found = kept(folder.path());
  ASSERT_TRUE(found);
  const std::string line = describe_kept(*found);
  EXPECT_TRUE(line.starts_with(
      "KL divergence 0.0125 from org/plain, the same likeliest token in 97.5 %, perplexity 5.500 "
      "against 5.250 (1000 tokens of the built-in text, "))
      << line;
  folder.write(kKeptFile, "{\"half\":");
  EXPECT_FALSE(kept(folder.path()));
}

}  // namespace
}  // namespace hearth::quality
