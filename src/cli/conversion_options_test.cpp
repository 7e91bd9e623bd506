// What the server lets in is what the converter knows.
#include "cli/conversion_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

TEST(ConversionOptions, TheServerKnowsTheConvertersRecipes) {
  const auto known = services::conversion_recipes();
  std::vector<std::string_view> names = convert::recipe_names();
  names.push_back(services::kAutoRecipe);
  EXPECT_THAT(std::vector(known.begin(), known.end()), ::testing::ElementsAreArray(names));
}

TEST(ConversionOptions, ReachTheConverter) {
  const convert::Options usual = convert_options(services::ConversionOptions());
  EXPECT_EQ(usual.mode, "affine");
  EXPECT_EQ(usual.bits, 0);
  const convert::Options all =
      convert_options(services::ConversionJob{.model = "m",
                                              .base_model = "org/m",
                                              .source = "/s",
                                              .target = "/t",
                                              .options = {.bits = 8,
                                                          .group = 32,
                                                          .mode = "mxfp8",
                                                          .recipe = "auto",
                                                          .dtype = "float16",
                                                          .dequantize = true,
                                                          .requantize = true},
                                              .replaces = true});
  EXPECT_EQ(all.source, "/s");
  EXPECT_EQ(all.target, "/t");
  EXPECT_EQ(all.base_model, "org/m");
  EXPECT_EQ(all.bits, 8);
  EXPECT_EQ(all.group, 32);
  EXPECT_EQ(all.mode, "mxfp8");
  EXPECT_EQ(all.recipe, "auto");
  EXPECT_EQ(all.dtype, "float16");
  EXPECT_TRUE(all.dequantize && all.requantize && all.force);
}

}  // namespace
}  // namespace hearth::cli
