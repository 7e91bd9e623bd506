// Norms and turns heads, in plain C++: little beside attention itself.
#include "kernels/head_rows.h"

#include <algorithm>
#include <cmath>

namespace hearth::kernels {

namespace {

constexpr int kAtOnce = 8;  // side by side, so that a compiler can use registers

float mean_square(const float* x, int width) {
  float sums[kAtOnce] = {};
  int i = 0;
  for (; i + kAtOnce <= width; i += kAtOnce)
    for (int j = 0; j < kAtOnce; ++j) sums[j] += x[i + j] * x[i + j];
  for (; i < width; ++i) sums[i % kAtOnce] += x[i] * x[i];
  float sum = 0.0F;
  for (const float part : sums) sum += part;
  return sum / static_cast<float>(width);
}

void normalise(const HeadNorm& norm, const HeadPlace& at, float* x) {
  const float factor = 1.0F / std::sqrt(mean_square(x, at.width) + norm.epsilon);
  if (norm.weights == nullptr) {
    for (int i = 0; i < at.width; ++i) x[i] *= factor;
    return;
  }
  const float* weights = norm.weights + norm.stride * at.head;
  for (int i = 0; i < at.width; ++i) x[i] = x[i] * factor * weights[i];
}

void turn_halves(const float* cosines, const float* sines, int half, float* x) {
  for (int i = 0; i < half; ++i) {
    const float first = x[i];
    const float second = x[half + i];
    x[i] = first * cosines[i] + second * sines[i];
    x[half + i] = second * cosines[half + i] + first * sines[half + i];
  }
}

void turn_neighbours(const float* cosines, const float* sines, int dims, float* x) {
  for (int i = 0; i < dims; i += 2) {
    const float first = x[i];
    const float second = x[i + 1];
    x[i] = first * cosines[i] + second * sines[i];
    x[i + 1] = second * cosines[i + 1] + first * sines[i + 1];
  }
}

void turn(const HeadTurn& turn, int token, float* x) {
  if (turn.dims == 0) return;
  const float* cosines = turn.cosines + std::int64_t{token} * turn.dims;
  const float* sines = turn.sines + std::int64_t{token} * turn.dims;
  if (turn.interleaved)
    turn_neighbours(cosines, sines, turn.dims, x);
  else
    turn_halves(cosines, sines, turn.dims / 2, x);
}

}  // namespace

void place_head(const HeadPlacing& placing, const HeadPlace& at, const float* from, float* to) {
  std::copy_n(from, at.width, to);
  if (placing.norm.on && !placing.norm_after_turn) normalise(placing.norm, at, to);
  turn(placing.turn, at.token, to);
  if (placing.norm.on && placing.norm_after_turn) normalise(placing.norm, at, to);
  if (placing.factor == 1.0F) return;
  for (int i = 0; i < at.width; ++i) to[i] *= placing.factor;
}

}  // namespace hearth::kernels
