// The reference of attention in plain C++: the oracle of the other paths.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/attention_path.h"
#include "kernels/kv_group.h"
#include "kernels/kv_rows.h"
#include "kernels/number_formats.h"

namespace hearth::kernels {

namespace {

constexpr float kNoScore = -std::numeric_limits<float>::infinity();

/// exp of a number that is not positive.
float exp_of(float x) {
  if (x < kLowestExponent) return 0.0F;
  const float rounded = std::fma(x, kLog2E, kRounder);
  const float whole = rounded - kRounder;
  const float rest = std::fma(-whole, kLn2Low, std::fma(-whole, kLn2High, x));
  float sum = kExpFactors[0];
  for (int i = 1; i < kExpTerms; ++i) sum = std::fma(sum, rest, kExpFactors[i]);
  const std::uint32_t bits = (std::bit_cast<std::uint32_t>(rounded) << 23U) + 0x3F800000U;
  return sum * std::bit_cast<float>(bits);
}

float capped(float score, float cap) {
  const float share = score / cap;
  const float small = exp_of(-2.0F * std::fabs(share));
  const float tanh = (1.0F - small) / (1.0F + small);
  return cap * std::copysign(tanh, share);
}

template <class Number>
Number read(const std::uint8_t* from, int index) {
  Number number;
  std::memcpy(&number, from + static_cast<std::ptrdiff_t>(index) * std::ptrdiff_t{sizeof number},
              sizeof number);
  return number;
}

/// Number `i` of a row.
float number_at(const KvRow& row, const std::uint8_t* from, int i) {
  switch (row.type) {
    case KvType::F32:
      return read<float>(from, i);
    case KvType::BF16:
      return from_bf16(read<std::uint16_t>(from, i));
    case KvType::F16:
      return from_f16(read<std::uint16_t>(from, i));
    case KvType::Bits8:
    case KvType::Bits4:
      break;
  }
  const int code = row.type == KvType::Bits8 ? from[i] : from[i / 2] >> (i % 2 * 4) & 15;
  const GroupLine line = group_line(row, from, i);
  const float scaled = line.scale * static_cast<float>(code);
  return scaled + line.bias;
}

void turn(const KvRow& row, const KvPage& page, float* turned) {
  if (row.turned) {
    for (int i = 0; i < row.width * kPageRows; ++i) turned[i] = number_at(row, page.rows, i);
    return;
  }
  for (int key = 0; key < kPageRows; ++key)
    for (int i = 0; i < row.width; ++i)
      turned[i * kPageRows + key] = number_at(row, page.rows + std::ptrdiff_t{key} * row.bytes, i);
}

void unpack(const KvRow& row, const KvPage& page, int count, const NumbersTarget& to) {
  for (int key = 0; key < count; ++key) {
    float* numbers = to.numbers + std::ptrdiff_t{key} * to.stride;
    for (int i = 0; i < row.width; ++i)
      numbers[i] = number_at(row, page.rows + std::ptrdiff_t{key} * row.bytes, i);
    std::fill(numbers + row.width, numbers + to.stride, 0.0F);
  }
}

void score(const Scoring& job) {
  for (int r = 0; r < job.rows; ++r) {
    const float* query = job.queries + std::ptrdiff_t{r} * job.stride;
    float* scores = job.scores + std::ptrdiff_t{r} * kSpanKeys;
    std::fill_n(scores, kPageRows, 0.0F);
    for (int i = 0; i < job.width; ++i)
      for (int key = 0; key < kPageRows; ++key)
        scores[key] = std::fma(query[i], job.keys[i * kPageRows + key], scores[key]);
  }
}

/// Sums of the lanes, halves added to halves.
float sum_of(float (&lanes)[kWidthLanes]) {
  for (int half = kWidthLanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  return lanes[0];
}

Peak weigh(const Weighing& job) {
  float largest = kNoScore;
  for (int key = job.from; key < job.to; ++key) {
    float& score = job.scores[key];
    if (key < job.begin || key >= job.end)
      score = kNoScore;
    else if (job.softcap > 0.0F)
      score = capped(score, job.softcap);
    largest = largest > score ? largest : score;
  }
  if (largest == kNoScore) {
    std::fill(job.scores + job.from, job.scores + job.to, 0.0F);
    return {largest, 0.0F};
  }
  float lanes[kWidthLanes] = {};
  for (int key = job.from; key < job.to; ++key) {
    job.scores[key] = exp_of(job.scores[key] - largest);
    lanes[key % kWidthLanes] += job.scores[key];
  }
  return {largest, sum_of(lanes)};
}

void mix(const Mixing& job) {
  for (int r = 0; r < job.rows; ++r) {
    const float* weights = job.weights + std::ptrdiff_t{r} * kSpanKeys;
    float* mixed = job.mixed + std::ptrdiff_t{r} * job.width;
    for (int key = 0; key < job.count; ++key) {
      const float* value = job.values + std::ptrdiff_t{key} * job.value_stride;
      for (int i = 0; i < job.width; ++i) mixed[i] = std::fma(weights[key], value[i], mixed[i]);
    }
  }
}

void merge(const Gathered& to, const Gathered& later, int rows, int width) {
  for (int r = 0; r < rows; ++r) {
    const float largest = to.largest[r] > later.largest[r] ? to.largest[r] : later.largest[r];
    const float origin = largest == kNoScore ? 0.0F : largest;
    const float kept = exp_of(to.largest[r] - origin);
    const float added = exp_of(later.largest[r] - origin);
    to.largest[r] = largest;
    to.sums[r] = std::fma(later.sums[r], added, to.sums[r] * kept);
    float* mixed = to.mixed + std::ptrdiff_t{r} * width;
    const float* more = later.mixed + std::ptrdiff_t{r} * width;
    for (int i = 0; i < width; ++i) mixed[i] = std::fma(more[i], added, mixed[i] * kept);
  }
}

}  // namespace

const AttentionPath kAttentionScalar{turn,    unpack,  score,   weigh, mix,
                                     nullptr, nullptr, nullptr, merge, limited_f16};

}  // namespace hearth::kernels
