// Gates, as loops that the compiler turns into vectors: each path's unit includes this and compiles
// it with its own flags. Everything stays inside the unit, and every operation is rounded the same
// way on every path, so they agree to the last bit.
#pragma once

#include "kernels/panel_path.h"

namespace hearth::kernels {

namespace {

/// e^x for float32: powers of two times a polynomial on [-ln 2 / 2, ln 2 / 2] (its Taylor series up
/// to the seventh power errs by 3e-9 there). Beyond what float32 holds, the largest and smallest.
[[gnu::always_inline]] inline float power_of_e(float x) {
  constexpr float kLog2E = 1.44269504F;
  constexpr float kLn2High = 0.693359375F;  // short, so that its multiples are exact
  constexpr float kLn2Low = -2.12194440e-4F;
  const float low = x > -87.0F ? x : -87.0F;  // NaN too: an integer is made of it below
  const float inside = low < 88.0F ? low : 88.0F;
  const float twos = __builtin_rintf(inside * kLog2E);
  const float rest = __builtin_fmaf(twos, -kLn2Low, __builtin_fmaf(twos, -kLn2High, inside));
  float sum = 1.0F / 5040.0F;
  sum = __builtin_fmaf(sum, rest, 1.0F / 720.0F);
  sum = __builtin_fmaf(sum, rest, 1.0F / 120.0F);
  sum = __builtin_fmaf(sum, rest, 1.0F / 24.0F);
  sum = __builtin_fmaf(sum, rest, 1.0F / 6.0F);
  sum = __builtin_fmaf(sum, rest, 0.5F);
  sum = __builtin_fmaf(sum, rest, 1.0F);
  sum = __builtin_fmaf(sum, rest, 1.0F);
  const int bits = __builtin_bit_cast(int, sum) + (static_cast<int>(twos) << 23);
  return __builtin_bit_cast(float, bits);
}

[[gnu::always_inline]] inline float gated_silu(float x) {
  return x / (1.0F + power_of_e(-x));
}

/// x σ(2u) with u = √(2/π) (x + 0.044715 x³): the same as x (1 + tanh u) / 2.
[[gnu::always_inline]] inline float gated_gelu_tanh(float x) {
  const float cube = x * x * x;
  const float twice = 1.59576912F * __builtin_fmaf(0.044715F, cube, x);
  return x / (1.0F + power_of_e(-twice));
}

inline void gate_loop(Gate kind, float* gate, const float* up, int count) {
  switch (kind) {
    case Gate::Silu:
      for (int i = 0; i < count; ++i) gate[i] = gated_silu(gate[i]) * up[i];
      break;
    case Gate::GeluTanh:
      for (int i = 0; i < count; ++i) gate[i] = gated_gelu_tanh(gate[i]) * up[i];
      break;
    case Gate::Relu:
      for (int i = 0; i < count; ++i) gate[i] = (gate[i] > 0.0F ? gate[i] : 0.0F) * up[i];
      break;
  }
}

}  // namespace

}  // namespace hearth::kernels
