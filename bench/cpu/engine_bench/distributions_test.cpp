// Distributions of the demo model: which tokens count, and that they are probabilities.
#include "engine_bench/distributions.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <vector>

#include "base/testing/temp_folder.h"
#include "text/tokenizer.h"

namespace hearth::engine_bench {
namespace {

const std::filesystem::path kDemo = std::filesystem::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo";
constexpr const char* kText =
    "<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    "Hello! How can I help you?<|im_end|>\n\n<|endoftext|>\n"
    "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nHi<|im_end|>\n";

template <class T>
std::vector<T> read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<T> values(bytes.size() / sizeof(T));
  std::copy_n(bytes.data(), values.size() * sizeof(T), reinterpret_cast<char*>(values.data()));
  return values;
}

class DemoDistributions : public ::testing::Test {
 protected:
  DemoDistributions() {
    folder_.write("text", kText);
    options_ = {.folder = kDemo,
                .text = folder_.path() / "text",
                .out = folder_.path() / "out",
                .begin = "</think>\n\n",
                .end = "<|im_end|>"};
  }
  json::object run() {
    auto found = write_distributions(options_);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : json::object{};
  }
  std::vector<std::int32_t> tokens() const {
    return read<std::int32_t>(options_.out.string() + ".tokens");
  }

  base::testing::TempFolder folder_;
  DistributionOptions options_;
};

TEST_F(DemoDistributions, AnswersCountWithTheirEnds) {
  const auto about = run();
  const auto tokenizer = *text::Tokenizer::load(kDemo);
  std::vector<std::int32_t> expected;
  for (const char* answer : {"Hello! How can I help you?<|im_end|>", "Hi<|im_end|>"}) {
    const auto ids = *tokenizer->encode(answer, text::AddSpecialTokens::No);
    expected.insert(expected.end(), ids.begin(), ids.end());
  }
  EXPECT_EQ(tokens(), expected);
  EXPECT_EQ(about.at("tokens").to_number<std::size_t>(), expected.size());
  EXPECT_EQ(about.at("documents").to_number<int>(), 2);
}

TEST_F(DemoDistributions, RowsAreProbabilitiesAndFavourWhatTheModelLearned) {
  const auto vocabulary = run().at("vocabulary").to_number<std::size_t>();
  const auto logs = read<float>(options_.out);
  const auto came = tokens();
  ASSERT_EQ(logs.size(), came.size() * vocabulary);
  for (std::size_t row = 0; row < came.size(); ++row) {
    double sum = 0.0;
    for (std::size_t i = 0; i < vocabulary; ++i) sum += std::exp(logs[row * vocabulary + i]);
    EXPECT_NEAR(sum, 1.0, 1e-4);
  }
  // Its greeting goes on by itself once it has begun.
  const std::size_t mark = 1;
  EXPECT_GT(logs[mark * vocabulary + static_cast<std::size_t>(came[mark])], std::log(0.5));
}

TEST_F(DemoDistributions, ChunksChangeNothing) {
  run();
  const auto whole = read<float>(options_.out);
  options_.chunk = 1;
  run();
  const auto pieces = read<float>(options_.out);
  ASSERT_EQ(whole.size(), pieces.size());
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_NEAR(whole[i], pieces[i], 1e-3) << i;
}

TEST_F(DemoDistributions, WindowsStartAnewAndTheMostIsKept) {
  options_.begin.clear();
  options_.window = 8;
  options_.most = 9;
  run();
  EXPECT_EQ(tokens().size(), 9U);
}

TEST_F(DemoDistributions, AMissingTextIsNamed) {
  options_.text = folder_.path() / "nothing";
  const auto found = write_distributions(options_);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("nothing"), std::string::npos);
}

}  // namespace
}  // namespace hearth::engine_bench
