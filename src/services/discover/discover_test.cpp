// Verdicts by weights alone, the catalogue, and what is recommended to a machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "services/discover/catalogue.h"
#include "services/discover/search.h"
#include "services/testing/sizes.h"

namespace hearth::services {
namespace {

using testing::kGb;

TEST(WeightFit, LeavesRoomForContext) {
  using Verdict = WeightFit::Verdict;
  EXPECT_EQ(weight_fit(4 * kGb, 6 * kGb).verdict, Verdict::Fits);
  EXPECT_EQ(weight_fit(5 * kGb, 6 * kGb).verdict, Verdict::MayFit);
  EXPECT_EQ(weight_fit(6 * kGb, 6 * kGb).verdict, Verdict::DoesNotFit);
  EXPECT_THAT(describe(weight_fit(6 * kGb, 6 * kGb)), ::testing::HasSubstr("6.0 GB"));
}

TEST(Catalogue, SaysWhatModelsPublish) {
  std::set<std::string_view> ids;
  for (const CatalogueRow& row : catalogue()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_GT(row.context_length, 0U) << row.id;
    EXPECT_GT(row.shape.layers, 0U) << row.id;
  }
  // The sizes that the cards of these models state: about 0.7, 1.8 and 1.0 GB.
  const auto bytes = [](std::string_view id) {
    const auto rows = catalogue();
    const auto row = std::ranges::find(rows, id, &CatalogueRow::id);
    return row == rows.end() ? 0.0 : static_cast<double>(need_of(*row).weight_bytes);
  };
  EXPECT_NEAR(bytes("mlx-community/Llama-3.2-1B-Instruct-4bit"), 0.7e9, 0.05e9);
  EXPECT_NEAR(bytes("mlx-community/Llama-3.2-3B-Instruct-4bit"), 1.8e9, 0.05e9);
  EXPECT_NEAR(bytes("mlx-community/DeepSeek-R1-Distill-Qwen-1.5B-4bit"), 1.0e9, 0.05e9);
  EXPECT_NEAR(bytes("mlx-community/DeepSeek-R1-Distill-Qwen-1.5B-8bit"), 1.9e9, 0.05e9);
}

/// 18,428,625,000 bytes of weights (4.5 bits each), 314,572,800 to work with, and 262,144 a token
/// (64 layers, keys and values, 8 heads of 128 numbers, 2 bytes each): 8,192 tokens take
/// 2,147,483,648.
TEST(Recommend, NothingThatLeavesLessThanAConversation) {
  constexpr std::uint64_t kEnough = 20'890'681'448;
  const auto of = [](std::uint64_t budget) {
    for (const Recommendation& one : recommend(budget, {}))
      if (one.row->id == "mlx-community/Qwen3-32B-4bit") return one;
    return Recommendation{};
  };
  EXPECT_EQ(of(kEnough).fit.context, 8192U);
  EXPECT_TRUE(of(kEnough).suits);
  EXPECT_TRUE(of(kEnough).best);
  EXPECT_EQ(of(kEnough - 1).fit.context, 8191U);
  EXPECT_FALSE(of(kEnough - 1).suits);
  EXPECT_FALSE(of(kEnough - 1).best);
  EXPECT_EQ(of(kEnough - 1).fit.verdict, Fit::Verdict::FitsShorter) << "who wants it can have it";
}

TEST(Recommend, AShortModelNeedsNoMoreThanItsOwnContext) {
  const MemoryNeed need{
      .weight_bytes = 1'000'000, .kv_bytes_per_token = 100, .context_length = 2048};
  EXPECT_TRUE(leaves_a_conversation(fit(need, 1'204'800), 2048));
  EXPECT_FALSE(leaves_a_conversation(fit(need, 1'204'799), 2048));
}

TEST(Recommend, TheLargestThatSuitsComesFirst) {
  const auto all = recommend(8 * kGb, {{.id = "mlx-community/Qwen3-0.6B-4bit"}});
  ASSERT_EQ(all.size(), catalogue().size());
  EXPECT_TRUE(all.front().best);
  std::set<Purpose> best;
  bool suiting = true;
  for (const Recommendation& one : all) {
    EXPECT_TRUE(suiting || !one.suits) << "what suits comes first";
    suiting = one.suits;
    if (one.best) EXPECT_TRUE(best.insert(one.row->purpose).second);
    EXPECT_EQ(one.here, one.row->id == "mlx-community/Qwen3-0.6B-4bit");
    if (one.suits) EXPECT_LT(need_of(*one.row).weight_bytes, 8 * kGb);
  }
  EXPECT_EQ(best.size(), 3U);
  for (const Recommendation& one : recommend(0, {})) EXPECT_FALSE(one.best);
}

TEST(Search, JudgesAndShowsWhatIsKnown) {
  const FoundModel known{.info = {.id = "a/b", .parameters = 10, .weight_bytes = 20},
                         .fit = weight_fit(20, kGb)};
  EXPECT_EQ(describe(known).at("fit").at("verdict").as_string(), "fits");
  EXPECT_EQ(describe(known).at("weight_bytes"), 20);
  EXPECT_TRUE(describe(FoundModel{.info = {.id = "a/b"}, .fit = {}}).at("fit").is_null());
}

}  // namespace
}  // namespace hearth::services
