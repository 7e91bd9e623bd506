// The line through a group of numbers that become codes: one formula for pages and for weights.
#pragma once

#include <algorithm>
#include <cmath>

namespace hearth::kernels {

/// number = scale * code + bias
struct AffineLine {
  float scale;
  float bias;
};

/// As MLX's quantize() chooses it, in float32: the end of [low, high] that lies further from zero
/// is a whole number of steps from zero and becomes the bias, so both ends and zero are hit well.
///
/// @param codes  the largest code
inline AffineLine affine_line(float low, float high, float codes) {
  constexpr float kSmallestScale = 1e-7F;  // numbers that are all alike have a scale nevertheless
  const bool from_low = std::fabs(low) > std::fabs(high);
  const float size = std::max((high - low) / codes, kSmallestScale);
  const float scale = from_low ? size : -size;
  const float edge = from_low ? low : high;
  const float steps = std::rint(edge / scale);
  return steps == 0.0F ? AffineLine{scale, 0.0F} : AffineLine{edge / steps, edge};
}

}  // namespace hearth::kernels
