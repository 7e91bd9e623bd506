// Repetition, presence and frequency penalties over one row of logits.
#pragma once

#include <span>
#include <vector>

#include "engine/engine.h"
#include "engine/sampling_params.h"

namespace hearth::engine {

/// Lowers the logits of tokens that occur in the last `params.window` tokens of `history`:
/// repetition divides positive logits and multiplies negative ones, once per distinct token; then
/// presence is subtracted once and frequency once per occurrence.
///
/// @param logits   [V]
/// @param history  prompt and generated tokens so far, each in [0, V)
void apply_penalties(std::span<float> logits, std::span<const TokenId> history,
                     const SamplingParams& params);

}  // namespace hearth::engine
