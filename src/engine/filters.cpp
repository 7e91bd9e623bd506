// Selection by mass, by ratio and by count.
#include "engine/filters.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>

namespace hearth::engine {
namespace {

bool more_likely(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

float highest(const std::vector<Candidate>& candidates) {
  return std::ranges::max(candidates, {}, &Candidate::logit).logit;
}

}  // namespace

void keep_top_p(std::vector<Candidate>& candidates, double top_p) {
  assert(!candidates.empty() && top_p > 0);
  const double top = highest(candidates);
  const auto weight = [top](const Candidate& candidate) {
    return std::exp(static_cast<double>(candidate.logit) - top);
  };
  double total = 0;
  for (const Candidate& candidate : candidates) total += weight(candidate);

  // All tokens below this share together cannot make up what top_p leaves out.
  const double rest = (1 - top_p) * total / static_cast<double>(candidates.size());
  const double floor = top + std::log(std::max(rest, 1e-300));
  std::erase_if(candidates, [&](const Candidate& candidate) { return candidate.logit < floor; });

  // The border is found by halving: [0, first) stays, [last, end) goes.
  double needed = top_p * total;
  auto first = candidates.begin();
  auto last = candidates.end();
  while (std::distance(first, last) > 1) {
    const auto middle = first + std::distance(first, last) / 2;
    std::nth_element(first, middle, last, more_likely);
    double upper = 0;
    for (auto it = first; it != middle; ++it) upper += weight(*it);
    if (upper >= needed) {
      last = middle;
    } else {
      needed -= upper;
      first = middle;
    }
  }
  candidates.erase(last, candidates.end());
}

void keep_min_p(std::vector<Candidate>& candidates, double min_p) {
  assert(!candidates.empty() && min_p > 0);
  const double floor = highest(candidates) + std::log(min_p);
  std::erase_if(candidates,
                [floor](const Candidate& candidate) { return candidate.logit < floor; });
}

void keep_top_k(std::vector<Candidate>& candidates, std::size_t top_k) {
  assert(top_k > 0);
  if (candidates.size() <= top_k) return;
  const auto border = candidates.begin() + static_cast<std::ptrdiff_t>(top_k);
  std::nth_element(candidates.begin(), border, candidates.end(), more_likely);
  candidates.erase(border, candidates.end());
}

}  // namespace hearth::engine
