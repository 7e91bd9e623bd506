// One row of logits to one token.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/filters.h"
#include "engine/sampling_params.h"

namespace hearth::engine {

/// Draws tokens on the host, without sorting a vocabulary and without memory of its own between
/// draws: the n-th token of a request depends on its logits, its parameters and n alone, so it
/// comes out the same alone or in any batch. One owner; reused, so that a draw allocates nothing.
class Sampler {
 public:
  /// Penalties first; then the arg-max at temperature 0, else top_p, min_p and top_k on the
  /// untempered logits, and a Gumbel-max draw at `temperature` from what stays.
  ///
  /// @param logits   [V] unnormalised; -inf bans a token
  /// @param history  prompt and generated tokens so far, each in [0, V)
  /// @param number   how many tokens this request drew before
  /// @returns Internal where no logit is finite: the model computed nonsense.
  Result<TokenId> draw(std::span<const float> logits, const SamplingParams& params,
                       std::span<const TokenId> history, std::uint64_t number);

 private:
  std::vector<float> row_;  // of the draw at hand, where penalties change it
  std::vector<Candidate> candidates_;
};

}  // namespace hearth::engine
