// Tokens that may be drawn, and picking the best of them without sorting.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <vector>

#include "engine/engine.h"

namespace hearth::engine {

/// A token that may be drawn, with its logit.
struct Candidate {
  float logit = 0;
  TokenId id = 0;
};

/// Of equal logits the lower id ranks higher.
inline bool more_likely(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

/// Adds the tokens whose logit is finite and at least `floor`, in the order of their ids.
void collect_above(std::span<const float> logits, double floor, std::vector<Candidate>& candidates);

/// The same, but only the `count` likeliest, in no particular order. `candidates` is empty before.
/// @param count  at least 1
void collect_best(std::span<const float> logits, double floor, std::size_t count,
                  std::vector<Candidate>& candidates);

/// Keeps those that come first by `ahead` until their weights reach `needed`: the shortest such
/// head, and at least one. The border is found by halving: [begin, first) stays, [last, end) goes.
template <class Ahead, class Weight>
void keep_head(std::vector<Candidate>& candidates, double needed, Ahead ahead, Weight weight) {
  auto first = candidates.begin();
  auto last = candidates.end();
  while (std::distance(first, last) > 1) {
    const auto middle = first + std::distance(first, last) / 2;
    std::nth_element(first, middle, last, ahead);
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

}  // namespace hearth::engine
