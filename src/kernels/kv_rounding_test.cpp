// float16 on every path, against its definition: halves of the unit in the last place go to even.
#include <bit>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

#include "kernels/attention.h"
#include "kernels/testing/rows.h"

namespace hearth::kernels {
namespace {

using testing::kInfinity;

struct Rounding {
  float number;
  std::uint16_t bits;
};

const std::vector<Rounding>& roundings() {
  static const std::vector<Rounding> all{
      {0.0F, 0x0000},      {-0.0F, 0x8000},        {1.0F, 0x3C00},          {-2.0F, 0xC000},
      {65504.0F, 0x7BFF},  {65520.0F, 0x7BFF},     {1e30F, 0x7BFF},         {-kInfinity, 0xFBFF},
      {kInfinity, 0x7BFF}, {0x1p-24F, 0x0001},     {0x1p-25F, 0x0000},      {0x1.8p-24F, 0x0002},
      {0x1p-14F, 0x0400},  {0x1.002p0F, 0x3C00},   {0x1.006p0F, 0x3C02},    {-0x1.FFCp-15F, 0x8400},
      {1e-30F, 0x0000},    {0x1.5554p-2F, 0x3555}, {1.0009765625F, 0x3C01}, {2049.0F, 0x6800},
      {2051.0F, 0x6802}};
  return all;
}

TEST(KvRounding, IsTheDefinitionsOnEveryPathAndForEveryCount) {
  for (const CpuPath path : machine_paths())
    for (std::size_t count = 1; count <= roundings().size(); ++count) {
      std::vector<float> numbers(count);
      for (std::size_t i = 0; i < count; ++i) numbers[i] = roundings()[i].number;
      std::vector<std::uint16_t> bits(count + 1, 0x1234);
      attention_path(path).to_f16(numbers.data(), static_cast<int>(count), bits.data());
      for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(bits[i], roundings()[i].bits) << name(path) << ' ' << numbers[i];
      EXPECT_EQ(bits[count], 0x1234) << "nothing is written behind the end";
    }
}

TEST(KvRounding, EveryPathKeepsNaNAndItsSignAlone) {
  for (const CpuPath path : machine_paths())
    for (const std::uint32_t payload : {0x7FC00000U, 0x7F800001U, 0x7FFFFFFFU, 0xFFC12345U}) {
      const std::vector<float> numbers(19, std::bit_cast<float>(payload));
      std::vector<std::uint16_t> bits(19);
      attention_path(path).to_f16(numbers.data(), 19, bits.data());
      for (const std::uint16_t half : bits)
        ASSERT_EQ(half, payload >> 31U == 0 ? 0x7E00 : 0xFE00) << name(path);
    }
}

}  // namespace
}  // namespace hearth::kernels
