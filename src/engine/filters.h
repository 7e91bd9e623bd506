// Which tokens may be drawn: top_p, min_p and top_k over one row.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/candidates.h"

namespace hearth::engine {

/// What limits the choice.
struct Filters {
  double top_p = 1;       ///< the likeliest tokens until their probabilities reach it; 1: off
  double min_p = 0;       ///< tokens at least so many times as likely as the likeliest; 0: off
  std::size_t top_k = 0;  ///< that many of the likeliest; 0: off
};

/// Fills `candidates` with the tokens that pass, at least one, in no particular order.
///
/// It is the order top_p, min_p, top_k on the untempered distribution. Since each keeps the head of
/// the same ranking, and neither min_p nor top_k asks how much probability is left, the shortest
/// head is the result, and the cheapest filter goes first. Selects, never sorts.
///
/// @param logits  [V] unnormalised, at least one finite; tokens whose logit is not finite are out
void select_candidates(std::span<const float> logits, const Filters& filters,
                       std::vector<Candidate>& candidates);

/// Of `candidates`, at least one, those that pass.
void keep_top_p(std::vector<Candidate>& candidates, double top_p);
void keep_min_p(std::vector<Candidate>& candidates, double min_p);
void keep_top_k(std::vector<Candidate>& candidates, std::size_t top_k);

/// The largest logit of `candidates`, at least one.
float highest(const std::vector<Candidate>& candidates);

}  // namespace hearth::engine
