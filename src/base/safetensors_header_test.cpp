// Hostile, torn and odd safetensors headers.
#include "base/safetensors_header.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace hearth::base {
namespace {

constexpr std::string_view kValid =
    R"({"__metadata__":{"format":"pt"},)"
    R"("a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
    R"("b.scales":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},)"
    R"("empty":{"dtype":"U8","shape":[0,7],"data_offsets":[32,32]}})";

std::uint64_t file_size(std::string_view header, std::uint64_t data) {
  return kSafetensorsPrefix + header.size() + data;
}

TEST(SafetensorsHeader, ReadsTensorsWithAbsoluteOffsets) {
  const std::string padded = std::string(kValid) + "   ";  // writers pad with spaces
  const auto table = parse_safetensors_header(padded, file_size(padded, 32));
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->size(), 3U);
  const TensorEntry& b = table->at("b.scales");
  EXPECT_EQ(b.dtype, "BF16");
  EXPECT_EQ(b.shape, std::vector<std::int32_t>{4});
  EXPECT_EQ(b.offset, 8 + padded.size() + 24);
  EXPECT_EQ(b.bytes, 8U);
  EXPECT_EQ(table->at("a").elements(), 6U);
  EXPECT_EQ(table->at("empty").bytes, 0U);
}

TEST(SafetensorsHeader, AnEmptyTableNeedsAnEmptyFile) {
  EXPECT_TRUE(parse_safetensors_header("{}", file_size("{}", 0)));
  EXPECT_FALSE(parse_safetensors_header("{}", file_size("{}", 1)));
}

struct Hostile {
  const char* header;
  std::uint64_t data;
  const char* message;  // part of it
};

class HostileHeader : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileHeader, IsRefusedByName) {
  const auto& [header, data, message] = GetParam();
  const auto table = parse_safetensors_header(header, file_size(header, data));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, ErrorCode::CorruptData);
  EXPECT_NE(table.error().message.find(message), std::string::npos) << table.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, HostileHeader,
    ::testing::Values(
        Hostile{"", 0, "no JSON"}, Hostile{"{", 0, "no JSON"}, Hostile{"[]", 0, "no JSON object"},
        Hostile{R"({"a":7})", 0, "tensor \"a\" is no object"},
        Hostile{R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4, "tensor \"a\" has no \"dtype\""},
        Hostile{R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", 4, "dtype \"F31\""},
        Hostile{R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4, "no list \"shape\""},
        Hostile{R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "whole number"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 4, "whole number"},
        Hostile{R"({"a":{"dtype":"F32","shape":[9999999999],"data_offsets":[0,4]}})", 4,
                "dimension of 9999999999"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4,
                "9 dimensions"},
        // 2^31 * 2^31 * 4 wraps to 0 in 64 bits.
        Hostile{R"({"a":{"dtype":"F32","shape":[2147483647,2147483647,4],"data_offsets":[0,0]}})",
                0, "beyond any memory"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1]}})", 4, "no \"data_offsets\""},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4, "data_offsets"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "bytes 4 to 0"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4, "whole number"},
        Hostile{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4, "cut short"},
        Hostile{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "need 8"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                4, "overlaps"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "leaves a gap"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 9, "the file has 9"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551615,3]}})", 4,
                "bytes 18446744073709551615"}));

std::string prefix_of(std::uint64_t length) {
  std::string prefix(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) prefix[i] = static_cast<char>(length >> (8 * i));
  return prefix;
}

TEST(SafetensorsHeader, ItsLengthMustFitTheFile) {
  EXPECT_EQ(safetensors_header_bytes(prefix_of(92), 100), 92U);
  EXPECT_FALSE(safetensors_header_bytes(prefix_of(93), 100));
  EXPECT_FALSE(safetensors_header_bytes(prefix_of(UINT64_MAX), 100));
  EXPECT_FALSE(safetensors_header_bytes(prefix_of(100'000'001), UINT64_MAX));
  EXPECT_FALSE(safetensors_header_bytes("1234567", 7));
  EXPECT_FALSE(safetensors_header_bytes("", 0));
}

/// Whatever survives the checks may be read without a further one.
void expect_sound(const TensorTable& table, std::uint64_t size) {
  for (const auto& [name, entry] : table) {
    ASSERT_LE(entry.offset, size) << name;
    ASSERT_LE(entry.bytes, size - entry.offset) << name;
  }
}

TEST(SafetensorsHeader, SurvivesMutations) {
  std::mt19937 random(20261121);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string header(kValid);
    const int edits = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < edits; ++i) {
      const std::size_t at = random() % header.size();
      switch (random() % 4) {
        case 0:
          header[at] = static_cast<char>(random());
          break;
        case 1:
          header.erase(at, 1 + random() % 8);
          break;
        case 2:
          header.insert(at, header.substr(random() % header.size(), random() % 16));
          break;
        default:
          header[at] = "0123456789-[]{},:\""[random() % 18];
          break;
      }
      if (header.empty()) break;
    }
    const std::uint64_t size = file_size(header, random() % 40);
    const auto table = parse_safetensors_header(header, size);
    if (!table) continue;
    ++accepted;
    expect_sound(*table, size);
  }
  EXPECT_GT(accepted, 0);  // some edits only rename a tensor
}

}  // namespace
}  // namespace hearth::base
