// Sums and maxima over a row of logits, as fast as vector instructions make them.
#pragma once

#include <span>

namespace hearth::engine {

/// e^x for x <= 0 to single precision; NaN counts as minus infinity, and e^x below 2^-126 as that.
float exp_of(float x);

/// The largest value that is not NaN; minus infinity where there is none.
float highest(std::span<const float> row);

/// The sum of e^(logit - top): what turns weights into probabilities.
/// @param top  the largest logit
double total_weight(std::span<const float> logits, float top);

}  // namespace hearth::engine
