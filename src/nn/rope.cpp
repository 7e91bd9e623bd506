// Frequencies of the rotary variants, and the turning itself.
#include "nn/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hearth::nn {

namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;

/// Llama 3: long wavelengths are slowed by `factor`, short ones stay, a ramp joins them.
double llama3_frequency(const RopeSpec& spec, double frequency) {
  const double turns = spec.original_context * frequency / kTurn;  // within the original context
  if (turns < spec.low_freq_factor) return frequency / spec.factor;
  if (turns > spec.high_freq_factor) return frequency;
  const double smooth =
      (turns - spec.low_freq_factor) / (spec.high_freq_factor - spec.low_freq_factor);
  return (1.0 - smooth) * frequency / spec.factor + smooth * frequency;
}

/// The pair (as a real number) that turns `turns` times within the original context.
double yarn_pair(const RopeSpec& spec, int dims, double turns) {
  return dims * std::log(spec.original_context / (turns * kTurn)) / (2.0 * std::log(spec.theta));
}

/// YaRN (arXiv 2309.00071): pairs that turn often stay, pairs that turn rarely are slowed.
double yarn_frequency(const RopeSpec& spec, int dims, int pair, double frequency) {
  double low = yarn_pair(spec, dims, spec.beta_fast);
  double high = yarn_pair(spec, dims, spec.beta_slow);
  if (spec.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dims - 1.0);
  if (low == high) high += 0.001;
  const double slowed = std::clamp((pair - low) / (high - low), 0.0, 1.0);
  return slowed * frequency / spec.factor + (1.0 - slowed) * frequency;
}

double yarn_mscale(double factor, double mscale) {
  return factor <= 1.0 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

}  // namespace

std::vector<float> rope_frequencies(const RopeSpec& spec, int dims) {
  std::vector<float> frequencies;
  for (int pair = 0; pair < dims / 2; ++pair) {
    const double plain = std::pow(spec.theta, -2.0 * pair / dims);
    double frequency = plain;
    switch (spec.kind) {
      case RopeSpec::Kind::Default:
        break;
      case RopeSpec::Kind::Linear:
        frequency = plain / spec.factor;
        break;
      case RopeSpec::Kind::Llama3:
        frequency = llama3_frequency(spec, plain);
        break;
      case RopeSpec::Kind::Yarn:
        frequency = yarn_frequency(spec, dims, pair, plain);
        break;
    }
    frequencies.push_back(static_cast<float>(frequency));
  }
  return frequencies;
}

float rope_magnitude(const RopeSpec& spec) {
  if (spec.kind != RopeSpec::Kind::Yarn) return 1.0F;
  if (spec.attention_factor) return static_cast<float>(*spec.attention_factor);
  if (spec.mscale != 0.0 && spec.mscale_all_dim != 0.0)
    return static_cast<float>(yarn_mscale(spec.factor, spec.mscale) /
                              yarn_mscale(spec.factor, spec.mscale_all_dim));
  return static_cast<float>(yarn_mscale(spec.factor, 1.0));
}

Rope::Rope(const RopeSpec& spec, int dims)
    : frequencies_(mx::array(rope_frequencies(spec, dims).data(), {1, 1, dims / 2}, mx::float32)),
      magnitude_(rope_magnitude(spec)) {}

Rotation Rope::at(const mx::array& positions) const {
  const int tokens = positions.shape(0);
  const mx::array at = mx::reshape(mx::astype(positions, mx::float32), {tokens, 1, 1});
  const mx::array angles = mx::multiply(at, frequencies_);  // [T, 1, Dh / 2]
  const mx::array magnitude(magnitude_);
  const mx::array cosines = mx::multiply(mx::cos(angles), magnitude);
  const mx::array sines = mx::multiply(mx::sin(angles), magnitude);
  return {mx::concatenate({cosines, cosines}, 2), mx::concatenate({mx::negative(sines), sines}, 2)};
}

mx::array Rotation::operator()(const mx::array& x) const {
  const int tokens = x.shape(0);
  const int heads = x.shape(1);
  const int dims = x.shape(2);
  const mx::array first = mx::slice(x, {0, 0, 0}, {tokens, heads, dims / 2});
  const mx::array second = mx::slice(x, {0, 0, dims / 2}, {tokens, heads, dims});
  const mx::array swapped = mx::concatenate({second, first}, 2);
  const mx::array turned = mx::add(mx::multiply(x, cosines_), mx::multiply(swapped, sines_));
  return mx::astype(turned, x.dtype());
}

}  // namespace hearth::nn
