// One row of logits to one token.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/candidates.h"
#include "engine/sampling_params.h"

namespace hearth::engine {

/// Draws tokens on the host, without sorting a vocabulary and without memory of its own between
/// draws: the n-th token of a request depends on its logits, its parameters and n alone, so it
/// comes out the same alone or in any batch. One owner; reused, so that a draw allocates nothing.
class Sampler {
 public:
  /// Biases and penalties first; then the arg-max at temperature 0, else a Gumbel-max draw from
  /// what the steps leave (sampler_chain.h).
  ///
  /// @param logits   [V] unnormalised; -inf bans a token
  /// @param history  prompt and generated tokens so far, each in [0, V)
  /// @param number   how many tokens this request drew before
  /// @returns Internal where no logit is finite: the model computed nonsense; InvalidArgument where
  ///          the request's biases ban every token.
  Result<TokenId> draw(std::span<const float> logits, const SamplingParams& params,
                       std::span<const TokenId> history, std::uint64_t number);

  /// The row of the latest draw after biases and penalties. Valid while its logits are.
  std::span<const float> row() const { return seen_; }

 private:
  std::span<const float> seen_;
  std::vector<float> row_;  // of the draw at hand, where biases or penalties change it
  std::vector<Candidate> candidates_;
};

}  // namespace hearth::engine
