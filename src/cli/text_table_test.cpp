// How tables and sizes look on a terminal.
#include "cli/text_table.h"

#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

TEST(TextTable, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(text_table({"MODEL", "SIZE>", "DATE"},
                       {{"a", "1.0 MB", "today"}, {"longer-name", "5 B", ""}}),
            "MODEL          SIZE  DATE\n"
            "a            1.0 MB  today\n"
            "longer-name     5 B\n");
}

TEST(TextTable, WithoutRowsTheHeadingStands) {
  EXPECT_EQ(text_table({"A", "B>"}, {}), "A  B\n");
}

TEST(SizeText, CountsInPowersOfAThousand) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1000), "1.0 kB");
  EXPECT_EQ(size_text(11'534'336), "11.5 MB");
  EXPECT_EQ(size_text(2'000'000'000), "2.0 GB");
  EXPECT_EQ(size_text(3'400'000'000'000'000), "3400.0 TB");
}

TEST(SizeText, NeverWritesAThousandOfAUnit) {
  EXPECT_EQ(size_text(999'949), "999.9 kB");
  EXPECT_EQ(size_text(999'950), "1.0 MB");
}

TEST(Grouped, ThousandsAreSetApart) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(2048), "2,048");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace hearth::cli
