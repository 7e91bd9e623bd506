// Bits by measured sensitivity: the size that was asked for, the same each time, better than even.
#include "convert/auto_recipe.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "convert/testing/conversions.h"
#include "quality/compare.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using models::testing::TemporaryFolder;

const fs::path kDemoModel = fs::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo";
constexpr double kTarget = 4.5;

Options demo(const fs::path& target) {
  Options options;
  options.source = kDemoModel;
  options.target = target;
  options.requantize = true;
  return options;
}

/// By what a text of so many tokens tells.
Result<AutoRecipe> choose(const fs::path& target, double bits_per_weight, int tokens) {
  Options options = demo(target);
  options.recipe = "auto";
  return choose_recipe({.conversion = options, .target_bpw = bits_per_weight, .tokens = tokens},
                       [](const AutoProgress&) { return true; });
}

/// On a text that the recipe has not seen.
double divergence(const fs::path& folder) {
  std::ifstream file(fs::path(HEARTH_SOURCE_DIR) / "docs/walk.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto found =
      quality::compare({.reference = kDemoModel, .other = folder, .text = text, .tokens = 256},
                       [](const quality::CompareProgress&) { return true; });
  EXPECT_TRUE(found) << found.error().message;
  return found ? found->distance.kl_mean : 0;
}

TEST(AutoRecipe, KeepsToItsSizeAndLosesLessThanFourBitsForAll) {
  const TemporaryFolder place;
  const auto recipe = choose(place.path() / "made", kTarget, 64);
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_LE(recipe->bits_per_weight, kTarget);
  EXPECT_GT(recipe->bits_per_weight, kTarget * 0.99);
  Options chosen = demo(place.path() / "made");
  chosen.recipe = "auto";
  chosen.layer_bits = recipe->bits;
  const auto made = testing::convert_to(chosen);
  ASSERT_TRUE(made) << made.error().message;
  const double size = made->bits_per_weight;
  EXPECT_DOUBLE_EQ(size, recipe->bits_per_weight);
  Options even = demo(place.path() / "even");
  even.bits = 4;
  const auto made_even = testing::convert_to(even);
  ASSERT_TRUE(made_even);
  EXPECT_NEAR(size, made_even->bits_per_weight, 0.01 * size);
  EXPECT_LT(divergence(chosen.target), 0.95 * divergence(even.target));
}

TEST(AutoRecipe, ChoosesTheSameEachTimeAndRemembersWhatItMeasured) {
  const TemporaryFolder place;
  const auto first = choose(place.path() / "first", kTarget, 16);
  const auto second = choose(place.path() / "second", kTarget, 16);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->bits, second->bits);
  EXPECT_FALSE(fs::exists(place.path() / "first"));
  EXPECT_FALSE(fs::exists(place.path() / ".first.measuring/copy"));
  EXPECT_TRUE(fs::exists(place.path() / ".first.measuring/sensitivity.json"));
  const auto smaller = choose(place.path() / "first", 3.75, 16);
  ASSERT_TRUE(smaller);
  EXPECT_LE(smaller->bits_per_weight, 3.75);
  for (std::size_t i = 0; i < first->matrices.size(); ++i)
    EXPECT_EQ(smaller->matrices[i].measured, first->matrices[i].measured);
  forget_measurements(place.path() / "first");
  EXPECT_FALSE(fs::exists(place.path() / ".first.measuring"));
}

TEST(AutoRecipe, SizesThatCannotBeReachedAreTold) {
  const TemporaryFolder place;
  for (const double target : {1.5, 9.0}) {
    const auto refused = choose(place.path() / "made", target, 16);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("cannot be reached"), std::string::npos);
  }
  Options packed = demo(place.path() / "made");
  packed.requantize = false;
  const auto refused = choose_recipe({.conversion = packed, .target_bpw = kTarget},
                                     [](const AutoProgress&) { return true; });
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--requantize"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(place.path()));
}

}  // namespace
}  // namespace hearth::convert
