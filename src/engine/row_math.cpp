// Loops over a row work on independent lanes, which the compiler turns into vector instructions.
#include "engine/row_math.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

namespace hearth::engine {
namespace {

// The loops are compiled for several instruction sets, one of which the loader takes. Products and
// sums stay apart, so that all of them round alike.
#if defined(__has_feature) && __has_feature(thread_sanitizer)
#define HEARTH_EVERY_VECTOR  // its own code is not there yet when the loader chooses
#elif defined(__x86_64__) && defined(__linux__)
#define HEARTH_EVERY_VECTOR [[gnu::target_clones("default", "avx2", "arch=x86-64-v4")]]
#else
#define HEARTH_EVERY_VECTOR
#endif
#pragma clang fp contract(off)

constexpr std::size_t kLanes = 16;
constexpr std::size_t kBlock = 256 * kLanes;  // sums leave single precision after so many

/// Without a call or a branch: 2^whole by its bits, 2^rest by the Taylor series of exp(rest ln 2),
/// |rest| <= 1/2.
inline float exp_inline(float x) {
  constexpr float kRound =
      12582912.0F;  // 1.5 * 2^23: adding it leaves whole numbers in the low bits
  const float power = x * std::numbers::log2e_v<float>;
  const float clamped = power > -126.0F ? power : -126.0F;
  const float shifted = clamped + kRound;
  const float rest = clamped - (shifted - kRound);
  const std::int32_t whole =
      std::bit_cast<std::int32_t>(shifted) - std::bit_cast<std::int32_t>(kRound);
  float series = 1.5403530e-4F;
  for (const float c :
       {1.3333558e-3F, 9.6181291e-3F, 5.5504109e-2F, 2.4022651e-1F, 6.9314718e-1F, 1.0F})
    series = series * rest + c;
  return series * std::bit_cast<float>((whole + 127) << 23);
}

}  // namespace

float exp_of(float x) {
  return exp_inline(x);
}

HEARTH_EVERY_VECTOR float highest(std::span<const float> row) {
  std::array<float, kLanes> lanes;
  lanes.fill(-std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + kLanes <= row.size(); i += kLanes)
    for (std::size_t j = 0; j < kLanes; ++j)
      lanes[j] = row[i + j] > lanes[j] ? row[i + j] : lanes[j];
  for (; i < row.size(); ++i) lanes[0] = row[i] > lanes[0] ? row[i] : lanes[0];
  return std::ranges::max(lanes);
}

HEARTH_EVERY_VECTOR std::size_t place_of(std::span<const float> row, float value) {
  std::size_t i = 0;
  for (; i + kRowBlock <= row.size(); i += kRowBlock) {
    bool found = false;
    for (std::size_t j = 0; j < kRowBlock; ++j) found |= row[i + j] == value;
    if (found) break;
  }
  while (i < row.size() && row[i] != value) ++i;
  return i;
}

HEARTH_EVERY_VECTOR std::size_t next_block(std::span<const float> row, std::size_t begin,
                                           float floor) {
  std::size_t i = begin / kRowBlock * kRowBlock;
  for (; i + kRowBlock <= row.size(); i += kRowBlock) {
    bool found = false;
    for (std::size_t j = 0; j < kRowBlock; ++j) found |= row[i + j] >= floor;
    if (found) return i;
  }
  return std::min(i, row.size());
}

HEARTH_EVERY_VECTOR double total_weight(std::span<const float> logits, float top) {
  double total = 0;
  while (!logits.empty()) {
    const auto block = logits.first(std::min(kBlock, logits.size()));
    std::array<float, kLanes> lanes{};
    std::size_t i = 0;
    for (; i + kLanes <= block.size(); i += kLanes)
      for (std::size_t j = 0; j < kLanes; ++j) lanes[j] += exp_inline(block[i + j] - top);
    for (; i < block.size(); ++i) lanes[0] += exp_inline(block[i] - top);
    for (const float lane : lanes) total += lane;
    logits = logits.subspan(block.size());
  }
  return total;
}

}  // namespace hearth::engine
