// The steps of Sampling::samplers over one row, in any order.
#pragma once

#include <span>
#include <vector>

#include "engine/candidates.h"
#include "engine/sampling_params.h"

namespace hearth::engine {

/// Fills `candidates` with the tokens that all steps of `params` leave, at least one. Each step
/// sees what the one before it left as probabilities that add up to 1.
///
/// @param logits  [V] after biases and penalties, at least one finite
/// @param xtc     whether the xtc step acts on this draw
/// @returns the temperature that is still to be applied to the candidates' logits: the draw's own,
///          or 1 where the step has been taken among the others, or not at all
double narrow(std::span<const float> logits, const SamplingParams& params, bool xtc,
              std::vector<Candidate>& candidates);

}  // namespace hearth::engine
