// Normalising, and the head of the ranking.
#include "engine/chances.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/row_math.h"

namespace hearth::engine {

RowChances chances_of(std::span<const float> logits, TokenId token, std::uint32_t count) {
  const float top = highest(logits);
  const double normaliser = top + std::log(total_weight(logits, top));
  const auto logprob = [&](float logit) {
    const auto value = static_cast<float>(logit - normaliser);
    return std::isnan(value) ? -std::numeric_limits<float>::infinity() : std::min(value, 0.0F);
  };
  RowChances chances{.logprob = logprob(logits[token]), .top = {}};
  if (count == 0) return chances;
  chances.top.reserve(count);
  collect_best(logits, std::numeric_limits<double>::lowest(), count, chances.top);
  std::ranges::sort(chances.top, more_likely);
  for (Candidate& candidate : chances.top) candidate.logit = logprob(candidate.logit);
  return chances;
}

}  // namespace hearth::engine
