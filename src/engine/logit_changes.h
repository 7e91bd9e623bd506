// What a request does to a row of logits before anything is chosen: biases, penalties, bans.
#pragma once

#include <cstdint>
#include <span>

#include "engine/sampling_params.h"

namespace hearth::engine {

/// Whether change_logits() would do anything to the row of draw `number` (0 for the first).
bool changes_logits(const SamplingParams& params, std::uint64_t number);

/// Adds the biases, applies the penalties, and bans the tokens that would end the reply too early.
/// @param logits  [V]; every id in `params` and `history` lies below V
void change_logits(std::span<float> logits, std::span<const TokenId> history,
                   const SamplingParams& params, std::uint64_t number);

}  // namespace hearth::engine
