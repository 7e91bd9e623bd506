// What conversions lose, against the same measured by transformers and numpy.
#include <gtest/gtest.h>

#include "convert/model_files.h"
#include "convert/testing/conversions.h"
#include "kernels/testing/finest_activations.h"
#include "quality/compare.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = HEARTH_SOURCE_DIR;

TEST(MeasuredConversion, DemoModelInFourBitsLosesWhatTransformersFinds) {
  const auto golden = read_json_object(kProject / "tests/golden/quality/hearth-demo-4bit.json");
  ASSERT_TRUE(golden) << golden.error().message;
  const auto expected = [&](const char* key) { return golden->at(key).to_number<double>(); };
  const models::testing::TemporaryFolder place;
  const Options options{.source = kProject / "assets/hearth-demo",
                        .target = place.path() / "made",
                        .bits = 4,
                        .requantize = true};
  const auto done = testing::convert_to(options);
  ASSERT_TRUE(done) << done.error().message;
  const auto found = quality::compare({.reference = options.source,
                                       .other = options.target,
                                       .tokens = static_cast<int>(expected("tokens")),
                                       .window = static_cast<int>(expected("window"))},
                                      [](const quality::CompareProgress&) { return true; });
  ASSERT_TRUE(found) << found.error().message;
  const quality::Distance& distance = found->distance;
  EXPECT_EQ(static_cast<double>(distance.tokens), expected("predicted_tokens"));
  const auto near = [&](double value, const char* key, double share) {
    EXPECT_NEAR(value, expected(key), expected(key) * share) << key;
  };
  near(distance.reference_perplexity, "reference_perplexity", 1e-3);
  near(distance.perplexity, "perplexity", 1e-3);
  near(distance.kl_mean, "kl_mean", 5e-3);
  near(distance.kl_p99, "kl_p99", 2e-2);
  near(distance.kl_max, "kl_max", 2e-2);
  EXPECT_NEAR(distance.agreement, expected("agreement"), 3e-3);
}

}  // namespace
}  // namespace hearth::convert
