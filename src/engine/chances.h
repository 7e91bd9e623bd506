// How likely the model thought a token, read from a row of logits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/candidates.h"

namespace hearth::engine {

/// Log-probabilities in one row, as ids only: their texts are found elsewhere.
struct RowChances {
  float logprob = 0;           ///< of the token asked for; minus infinity for what is impossible
  std::vector<Candidate> top;  ///< the likeliest, best first; `logit` holds the log-probability
};

/// @param logits  [V] unnormalised
/// @param token   in [0, V)
/// @param count   how many of the likeliest are wanted
/// No sort of the row: one pass for the sum, one for the likeliest.
RowChances chances_of(std::span<const float> logits, TokenId token, std::uint32_t count);

}  // namespace hearth::engine
