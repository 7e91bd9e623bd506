// Sums, maxima and searches over a row of logits, as fast as vector instructions make them. Every
// machine computes the same bits.
#pragma once

#include <cstddef>
#include <span>

namespace hearth::engine {

/// e^x for x <= 0 to single precision; NaN counts as minus infinity, and e^x below 2^-126 as that.
float exp_of(float x);

/// The largest value that is not NaN; minus infinity where there is none.
float highest(std::span<const float> row);

/// Where `value` stands first; the row's size where it does not.
std::size_t place_of(std::span<const float> row, float value);

/// Where, from `begin` on, a block of the row begins that holds something not less than `floor`;
/// the row's size where there is none. Blocks have kRowBlock numbers, counted from the row's first.
std::size_t next_block(std::span<const float> row, std::size_t begin, float floor);
inline constexpr std::size_t kRowBlock = 64;

/// The sum of e^(logit - top): what turns weights into probabilities.
/// @param top  the largest logit
double total_weight(std::span<const float> logits, float top);

}  // namespace hearth::engine
