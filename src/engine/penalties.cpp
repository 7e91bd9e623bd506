// The arithmetic of the penalties.
#include "engine/penalties.h"

#include <algorithm>
#include <cstddef>

namespace hearth::engine {

void apply_penalties(std::span<float> logits, std::span<const TokenId> history,
                     const SamplingParams& params) {
  const std::size_t window =
      params.window < 0 ? history.size()
                        : std::min(history.size(), static_cast<std::size_t>(params.window));
  const auto recent = history.last(window);
  std::vector<TokenId> tokens(recent.begin(), recent.end());
  std::ranges::sort(tokens);

  const auto repetition = static_cast<float>(params.repetition_penalty);
  const auto presence = static_cast<float>(params.presence_penalty);
  const auto frequency = static_cast<float>(params.frequency_penalty);
  for (auto token = tokens.begin(); token != tokens.end();) {
    const auto next = std::upper_bound(token, tokens.end(), *token);
    float& logit = logits[*token];
    logit = logit < 0 ? logit * repetition : logit / repetition;
    logit -= presence;
    logit -= frequency * static_cast<float>(std::distance(token, next));
    token = next;
  }
}

}  // namespace hearth::engine
