// Times in, tokens out; and what is kept on disk.
#include "engine/step_times.h"

#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace hearth::engine {
namespace {

/// Two milliseconds and half a one per token.
StepTimes linear(std::uint32_t depth = 0) {
  StepTimes times;
  for (std::uint32_t tokens = 1; tokens <= 1024; tokens *= 2)
    times.observe(tokens, depth, 2 + 0.5 * tokens);
  return times;
}

TEST(StepTimes, KnowsNothingAtFirst) {
  const StepTimes times;
  EXPECT_FALSE(times.expect(10, 0));
  EXPECT_EQ(times.tokens_within(150, 0, 512, 32), 32U);
  EXPECT_EQ(times.tokens_within(150, 0, 16, 32), 16U);
  EXPECT_TRUE(times.table().empty());
}

TEST(StepTimes, GoesStraightBetweenWhatWasSeenAndInProportionBeyond) {
  const StepTimes times = linear();
  EXPECT_NEAR(*times.expect(300, 0), 152, 1e-9);
  EXPECT_NEAR(*times.expect(2048, 0), 2 * 514, 1e-9);
  EXPECT_NEAR(*times.expect(1, 0), 2.5, 1e-9);
  EXPECT_EQ(times.tokens_within(152, 0, 4096, 32), 300U);
  EXPECT_EQ(times.tokens_within(1, 0, 4096, 32), 1U);
  EXPECT_EQ(times.tokens_within(1e9, 0, 4096, 32), 4096U);
}

TEST(StepTimes, OneTokenSeenAllowsAFewMore) {
  StepTimes times;
  times.observe(1, 0, 20);
  EXPECT_EQ(times.tokens_within(150, 0, 512, 32), 7U);
}

TEST(StepTimes, DepthsAreKeptApart) {
  StepTimes times = linear();
  for (int i = 0; i < 3; ++i) times.observe(64, 3000, 100);
  EXPECT_NEAR(*times.expect(64, 3000), 100, 1e-9);
  EXPECT_NEAR(*times.expect(64, 100), 34, 1e-9);
  EXPECT_NEAR(*times.expect(64, 100'000), 100, 1e-9);  // the nearest that was seen
}

TEST(StepTimes, ASlowStepMovesTheAverageALittle) {
  StepTimes times;
  for (int i = 0; i < 10; ++i) times.observe(64, 0, 30);
  times.observe(64, 0, 3000);
  EXPECT_LT(*times.expect(64, 0), 34);
  for (int i = 0; i < 60; ++i) times.observe(64, 0, 60);
  EXPECT_NEAR(*times.expect(64, 0), 60, 1);  // but one that has become slower is noticed
}

TEST(StepTimes, TheFirstTimesOfASizeDoNotCountWhereTheyAreLong) {
  StepTimes times;
  times.observe(16, 0, 900);  // warming up
  times.observe(16, 0, 10);
  EXPECT_NEAR(*times.expect(16, 0), 10, 1e-9);
}

class StepTimesFile : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }
  std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                ("hearth-step-times-" + std::to_string(::getpid()) + ".json");
};

TEST_F(StepTimesFile, KeepsATableForItsKey) {
  EXPECT_TRUE(read_step_times(file_, "a")->empty());
  const auto table = linear(600).table();
  ASSERT_TRUE(write_step_times(file_, "a", table));
  const auto read = read_step_times(file_, "a");
  ASSERT_TRUE(read) << read.error().message;
  StepTimes times;
  times.restore(*read);
  EXPECT_NEAR(*times.expect(300, 600), 152, 1e-9);
  EXPECT_EQ(times.table().size(), table.size());
  EXPECT_TRUE(read_step_times(file_, "b")->empty());
}

TEST_F(StepTimesFile, NonsenseIsRefusedByName) {
  for (const std::string_view text : {"", "[]", R"({"key":"a"})", R"({"key":"a","cells":[1]})",
                                      R"({"key":"a","cells":[{"tokens":0,"depth":0,"ms":1}]})",
                                      R"({"key":"a","cells":[{"tokens":1,"depth":0,"ms":-1}]})"}) {
    std::ofstream(file_) << text;
    const auto read = read_step_times(file_, "a");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::CorruptData);
    EXPECT_NE(read.error().message.find(file_.string()), std::string::npos);
  }
}

}  // namespace
}  // namespace hearth::engine
