// Headers of tar archives, against the bytes that the format's description demands.
#include "services/archive/tar_header.h"

#include <gtest/gtest.h>

namespace hearth::services {
namespace {

std::string_view at(const TarBlock& block, std::size_t place, std::size_t length) {
  return {block.data() + place, length};
}

TEST(TarHeader, LiesWhereTheFormatSays) {
  const TarBlock block = write_tar_header({.path = "a/b.txt", .bytes = 8, .modified = 1});
  EXPECT_EQ(at(block, 0, 8), std::string_view("a/b.txt\0", 8));
  EXPECT_EQ(at(block, 124, 12), std::string_view("00000000010\0", 12));
  EXPECT_EQ(at(block, 136, 12), std::string_view("00000000001\0", 12));
  EXPECT_EQ(block[156], '0');
  EXPECT_EQ(at(block, 257, 8), std::string_view("ustar\0"
                                                "00",
                                                8));
}

TEST(TarHeader, IsReadAsItWasWritten) {
  for (const std::uint64_t bytes : {std::uint64_t{0}, (std::uint64_t{1} << 33) - 1,
                                    std::uint64_t{1} << 33, std::uint64_t{5'000'000'000'000}}) {
    const auto header =
        read_tar_header(write_tar_header({.path = std::string(100, 'p'), .bytes = bytes}));
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->bytes, bytes);
    EXPECT_EQ(header->path, std::string(100, 'p'));
  }
}

TEST(TarHeader, EveryChangedByteIsNoticed) {
  const TarBlock good = write_tar_header({.path = "a", .bytes = 8});
  constexpr std::size_t kAfterTheSum = 155;  // says nothing
  for (std::size_t i = 0; i < 512; ++i) {
    if (i == kAfterTheSum) continue;
    TarBlock bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(read_tar_header(bad)) << i;
  }
  EXPECT_FALSE(read_tar_header(TarBlock{}));
  EXPECT_TRUE(is_tar_end(TarBlock{}));
}

TEST(PaxRecords, CountThemselves) {
  // The length counts its own digits: no record has 100 bytes.
  EXPECT_EQ(pax_path("a"), "9 path=a\n");
  EXPECT_EQ(pax_path("abcd"), "13 path=abcd\n");
  EXPECT_EQ(pax_path(std::string(90, 'x')).substr(0, 9), "99 path=x");
  EXPECT_EQ(pax_path(std::string(91, 'x')).substr(0, 10), "101 path=x");
}

TEST(PaxRecords, GiveTheNextHeaderItsPathAndLength) {
  TarHeader header{.path = "short", .bytes = 1};
  ASSERT_TRUE(apply_pax("18 path=long/path\n22 size=8589934592000\n13 mtime=1.5\n", header));
  EXPECT_EQ(header.path, "long/path");
  EXPECT_EQ(header.bytes, 8589934592000U);
  for (const std::string_view broken : {"x", "99 path=a\n", "5 a\n", "9 path=ab", "9path=ab\n"})
    EXPECT_FALSE(apply_pax(broken, header)) << broken;
}

}  // namespace
}  // namespace hearth::services
