// The order is mlx-lm's: biases before penalties. The bans come last, so that nothing lifts them.
#include "engine/logit_changes.h"

#include <limits>

#include "engine/penalties.h"

namespace hearth::engine {

bool changes_logits(const SamplingParams& params, std::uint64_t number) {
  return params.penalised() || !params.biases.empty() ||
         (number < params.min_tokens && !params.ends.empty());
}

void change_logits(std::span<float> logits, std::span<const TokenId> history,
                   const SamplingParams& params, std::uint64_t number) {
  for (const LogitBias& bias : params.biases) logits[bias.id] += bias.bias;
  if (params.penalised()) apply_penalties(logits, history, params);
  if (number >= params.min_tokens) return;
  for (const TokenId token : params.ends) logits[token] = -std::numeric_limits<float>::infinity();
}

}  // namespace hearth::engine
