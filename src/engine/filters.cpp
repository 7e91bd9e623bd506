// Selection by mass, by ratio and by count.
#include "engine/filters.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/row_math.h"

namespace hearth::engine {
namespace {

void keep_mass(std::vector<Candidate>& candidates, double needed, float top) {
  keep_head(candidates, needed, more_likely,
            [top](const Candidate& candidate) { return exp_of(candidate.logit - top); });
}

}  // namespace

float highest(const std::vector<Candidate>& candidates) {
  return std::ranges::max(candidates, {}, &Candidate::logit).logit;
}

void keep_top_p(std::vector<Candidate>& candidates, double top_p) {
  const float top = highest(candidates);
  double total = 0;
  for (const Candidate& candidate : candidates) total += exp_of(candidate.logit - top);
  keep_mass(candidates, top_p * total, top);
}

void keep_min_p(std::vector<Candidate>& candidates, double min_p) {
  const double floor = highest(candidates) + std::log(min_p);
  std::erase_if(candidates, [&](const Candidate& candidate) { return candidate.logit < floor; });
}

void keep_top_k(std::vector<Candidate>& candidates, std::size_t top_k) {
  if (top_k >= candidates.size()) return;
  const auto border = candidates.begin() + static_cast<std::ptrdiff_t>(top_k);
  std::nth_element(candidates.begin(), border, candidates.end(), more_likely);
  candidates.erase(border, candidates.end());
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
