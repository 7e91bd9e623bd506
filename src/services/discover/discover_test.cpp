// Verdicts by weights alone, the catalogue, and what is recommended to a machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "services/discover/catalogue.h"
#include "services/discover/search.h"

namespace hearth::services {
namespace {

constexpr std::uint64_t kGB = 1'000'000'000;

TEST(WeightFit, LeavesRoomForContext) {
  using Verdict = WeightFit::Verdict;
  EXPECT_EQ(weight_fit(4 * kGB, 6 * kGB).verdict, Verdict::Fits);
  EXPECT_EQ(weight_fit(5 * kGB, 6 * kGB).verdict, Verdict::MayFit);
  EXPECT_EQ(weight_fit(6 * kGB, 6 * kGB).verdict, Verdict::DoesNotFit);
  EXPECT_THAT(describe(weight_fit(6 * kGB, 6 * kGB)), ::testing::HasSubstr("6.0 GB"));
}

TEST(Catalogue, SaysWhatModelsPublish) {
  std::set<std::string_view> ids;
  for (const CatalogueRow& row : catalogue()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_GT(row.context_length, 0U) << row.id;
    EXPECT_GT(row.layers, 0U) << row.id;
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

TEST(Recommend, TheLargestThatFitsComesFirst) {
  const auto all = recommend(8 * kGB, {{.id = "mlx-community/Qwen3-0.6B-4bit"}});
  ASSERT_EQ(all.size(), catalogue().size());
  EXPECT_TRUE(all.front().best);
  std::set<Purpose> best;
  bool fitting = true;
  for (const Recommendation& one : all) {
    const bool fits = one.fit.verdict != Fit::Verdict::DoesNotFit;
    EXPECT_TRUE(fitting || !fits) << "what fits comes first";
    fitting = fits;
    if (one.best) EXPECT_TRUE(best.insert(one.row->purpose).second);
    EXPECT_EQ(one.here, one.row->id == "mlx-community/Qwen3-0.6B-4bit");
    if (fits) EXPECT_LT(need_of(*one.row).weight_bytes, 8 * kGB);
  }
  EXPECT_EQ(best.size(), 3U);
  for (const Recommendation& one : recommend(0, {})) EXPECT_FALSE(one.best);
}

TEST(Search, JudgesAndShowsWhatIsKnown) {
  const FoundModel known{.info = {.id = "a/b", .parameters = 10, .weight_bytes = 20},
                         .fit = weight_fit(20, kGB)};
  EXPECT_EQ(describe(known).at("fit").at("verdict").as_string(), "fits");
  EXPECT_EQ(describe(known).at("weight_bytes"), 20);
  EXPECT_TRUE(describe(FoundModel{.info = {.id = "a/b"}, .fit = {}}).at("fit").is_null());
}

}  // namespace
}  // namespace hearth::services
