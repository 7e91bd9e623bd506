// Which tokens may be drawn: top_p, min_p and top_k over one row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/engine.h"

namespace hearth::engine {

/// A token that may be drawn, with its untempered logit.
struct Candidate {
  float logit = 0;
  TokenId id = 0;
};

/// What limits the choice.
struct Filters {
  double top_p = 1;       ///< the likeliest tokens until their probabilities reach it; 1: off
  double min_p = 0;       ///< tokens at least so many times as likely as the likeliest; 0: off
  std::size_t top_k = 0;  ///< that many of the likeliest; 0: off
};

/// Fills `candidates` with the tokens that pass, at least one, in no particular order.
///
/// It is mlx-lm's order top_p, min_p, top_k on the untempered distribution. Since each keeps the
/// head of the same ranking and none renormalises for the next, the shortest head is the result,
/// and the cheapest filter goes first. Of equal logits the lower id ranks higher. Selects, never
/// sorts.
///
/// @param logits  [V] unnormalised, at least one finite; tokens whose logit is not finite are out
void select_candidates(std::span<const float> logits, const Filters& filters,
                       std::vector<Candidate>& candidates);

/// The largest value that is not NaN; minus infinity where there is none.
float highest(std::span<const float> row);

}  // namespace hearth::engine
