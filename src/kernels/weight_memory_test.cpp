// Pieces of weights: where they lie, and how long.
#include "kernels/weight_memory.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

namespace hearth::kernels {
namespace {

TEST(WeightMemory, PiecesAreAlignedZeroAndApart) {
  std::vector<std::shared_ptr<std::uint8_t>> pieces;
  std::vector<std::size_t> sizes{1, 63, 64, 65, 5'000'000, 40'000'000, 40'000'000, 90'000'000, 7};
  for (const std::size_t size : sizes) {
    pieces.push_back(weight_memory(size));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pieces.back().get()) % 64, 0U);
    EXPECT_EQ(pieces.back().get()[0], 0);
    EXPECT_EQ(pieces.back().get()[size - 1], 0);
    pieces.back().get()[0] = static_cast<std::uint8_t>(pieces.size());
    pieces.back().get()[size - 1] = static_cast<std::uint8_t>(pieces.size());
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].get()[0], i + 1);
    EXPECT_EQ(pieces[i].get()[sizes[i] - 1], i + 1);
  }
}

TEST(WeightMemory, KnowsWhatIsHeld) {
  const std::size_t before = weight_memory_held();
  auto large = weight_memory(100'000'000);
  EXPECT_EQ(weight_memory_held(), before + 100'000'000);
  large.reset();
  EXPECT_EQ(weight_memory_held(), before);
}

TEST(WeightMemory, APieceOutlivesTheOthers) {
  auto kept = weight_memory(100);
  kept.get()[99] = 5;
  weight_memory(100);
  EXPECT_EQ(kept.get()[99], 5);
}

}  // namespace
}  // namespace hearth::kernels
