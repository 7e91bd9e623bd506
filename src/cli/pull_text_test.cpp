// Words and bars, looked at closely.
#include "cli/pull_text.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// Characters, not bytes.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char letter) { return (static_cast<unsigned char>(letter) & 0xC0) != 0x80; }));
}

TEST(PullText, TimeLeft) {
  EXPECT_EQ(left_text({}), "Calculating...");
  EXPECT_EQ(left_text(1s), "1 second left");
  EXPECT_EQ(left_text(59s), "59 seconds left");
  EXPECT_EQ(left_text(61s), "2 minutes left");
  EXPECT_EQ(left_text(3h), "3 hours left");
}

TEST(PullText, AHundredPercentMeansWhole) {
  EXPECT_EQ(percent_text(0, 7), "0 %");
  EXPECT_EQ(percent_text(999'999, 1'000'000), "99 %");
  EXPECT_EQ(percent_text(7, 7), "100 %");
  EXPECT_EQ(percent_text(0, 0), "100 %");
}

TEST(PullText, LongNamesLoseTheirMiddle) {
  EXPECT_EQ(shortened("model.safetensors", 17), "model.safetensors");
  EXPECT_EQ(shortened("model-00001-of-00002.safetensors", 16), "model-0..tensors");
  EXPECT_EQ(shortened("abc", 2), "ab");
}

TEST(PullText, BarsFillInEighths) {
  EXPECT_EQ(bar_text(0, 8, 4), "░░░░");
  EXPECT_EQ(bar_text(4, 8, 4), "██░░");
  EXPECT_EQ(bar_text(5, 8, 4), "██▌░");
  EXPECT_EQ(bar_text(8, 8, 4), "████");
}

TEST(PullText, NoLineIsWiderThanTheTerminal) {
  hub::Progress progress{.bytes = 5'000'000'000,
                         .done = 2'000'000'000,
                         .files = 12,
                         .files_done = 3,
                         .bytes_per_s = 12e6,
                         .left = 250s};
  for (int i = 0; i < 9; ++i)
    progress.active.push_back({"a-file-with-a-very-long-name-" + std::to_string(i) + ".safetensors",
                               1'000'000'000, 100'000'000, i == 1});
  for (std::size_t columns = 10; columns < 200; ++columns) {
    const auto lines = progress_lines(progress, columns);
    EXPECT_EQ(lines.size(), 5U);
    for (const auto& line : lines) EXPECT_LE(width(line), columns) << line;
  }
  const auto lines = progress_lines(progress, 120);
  EXPECT_THAT(lines[0], HasSubstr("10 %"));
  EXPECT_THAT(lines[1], HasSubstr("another program"));
  EXPECT_THAT(lines.back(), StartsWith("3 of 12 files"));
  EXPECT_THAT(lines.back(), HasSubstr("40 %  2.0 GB of 5.0 GB  12.0 MB/s  5 minutes left"));
}

}  // namespace
}  // namespace hearth::cli
