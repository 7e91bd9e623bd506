// Selection by mass, by ratio and by count.
#include "engine/filters.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <numbers>

namespace hearth::engine {
namespace {

// Loops over a row work on this many independent lanes, which the compiler turns into vector
// instructions; sums leave single precision after a block.
constexpr std::size_t kLanes = 16;
constexpr std::size_t kBlock = 256 * kLanes;

bool more_likely(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

/// e^x for x <= 0 to single precision, without a call or a branch: 2^whole by its bits, 2^rest by
/// the Taylor series of exp(rest ln 2), |rest| <= 1/2. NaN counts as minus infinity.
float exp_of(float x) {
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

/// The sum of e^(logit - top): what turns weights into probabilities.
double total_weight(std::span<const float> logits, float top) {
  double total = 0;
  while (!logits.empty()) {
    const auto block = logits.first(std::min(kBlock, logits.size()));
    std::array<float, kLanes> lanes{};
    std::size_t i = 0;
    for (; i + kLanes <= block.size(); i += kLanes)
      for (std::size_t j = 0; j < kLanes; ++j) lanes[j] += exp_of(block[i + j] - top);
    for (; i < block.size(); ++i) lanes[0] += exp_of(block[i] - top);
    for (const float lane : lanes) total += lane;
    logits = logits.subspan(block.size());
  }
  return total;
}

void collect_above(std::span<const float> logits, double floor,
                   std::vector<Candidate>& candidates) {
  for (std::size_t id = 0; id < logits.size(); ++id)
    if (logits[id] >= floor && std::isfinite(logits[id]))
      candidates.push_back({logits[id], static_cast<TokenId>(id)});
}

/// The same, but only the `count` likeliest: a heap whose top is the least likely of those kept.
void collect_best(std::span<const float> logits, double floor, std::size_t count,
                  std::vector<Candidate>& candidates) {
  for (std::size_t id = 0; id < logits.size(); ++id) {
    if (!(logits[id] >= floor) || !std::isfinite(logits[id])) continue;
    if (candidates.size() == count) {
      if (logits[id] <= candidates.front().logit) continue;
      std::ranges::pop_heap(candidates, more_likely);
      candidates.pop_back();
    }
    candidates.push_back({logits[id], static_cast<TokenId>(id)});
    std::ranges::push_heap(candidates, more_likely);
    if (candidates.size() == count) floor = std::max<double>(floor, candidates.front().logit);
  }
}

/// Keeps the likeliest until their weights reach `needed`. The border is found by halving:
/// [begin, first) stays, [last, end) goes.
void keep_mass(std::vector<Candidate>& candidates, double needed, float top) {
  auto first = candidates.begin();
  auto last = candidates.end();
  while (std::distance(first, last) > 1) {
    const auto middle = first + std::distance(first, last) / 2;
    std::nth_element(first, middle, last, more_likely);
    double upper = 0;
    for (auto it = first; it != middle; ++it) upper += exp_of(it->logit - top);
    if (upper >= needed) {
      last = middle;
    } else {
      needed -= upper;
      first = middle;
    }
  }
  candidates.erase(last, candidates.end());
}

}  // namespace

float highest(std::span<const float> row) {
  std::array<float, kLanes> lanes;
  lanes.fill(-std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + kLanes <= row.size(); i += kLanes)
    for (std::size_t j = 0; j < kLanes; ++j)
      lanes[j] = row[i + j] > lanes[j] ? row[i + j] : lanes[j];
  for (; i < row.size(); ++i) lanes[0] = row[i] > lanes[0] ? row[i] : lanes[0];
  return std::ranges::max(lanes);
}

void select_candidates(std::span<const float> logits, const Filters& filters,
                       std::vector<Candidate>& candidates) {
  candidates.clear();
  const float top = highest(logits);
  double floor = std::numeric_limits<double>::lowest();
  if (filters.min_p > 0) floor = top + std::log(filters.min_p);
  double total = 0;
  if (filters.top_p < 1) {
    total = total_weight(logits, top);
    // All tokens below this share together cannot make up what top_p leaves out.
    const double share = (1 - filters.top_p) * total / static_cast<double>(logits.size());
    floor = std::max(floor, std::min<double>(top, top + std::log(share)));
  }
  if (filters.top_k > 0) {
    collect_best(logits, floor, filters.top_k, candidates);
  } else {
    collect_above(logits, floor, candidates);
  }
  if (filters.top_p < 1) keep_mass(candidates, filters.top_p * total, top);
}

}  // namespace hearth::engine
