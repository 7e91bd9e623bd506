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

double frequency_of(const RopeSpec& spec, int dims, int pair, bool stretched) {
  const double plain = std::pow(spec.theta, -2.0 * pair / dims);
  switch (spec.kind) {
    case RopeSpec::Kind::Default:
      return plain;
    case RopeSpec::Kind::Linear:
      return plain / spec.factor;
    case RopeSpec::Kind::Llama3:
      return llama3_frequency(spec, plain);
    case RopeSpec::Kind::Yarn:
      return yarn_frequency(spec, dims, pair, plain);
    case RopeSpec::Kind::LongRope:
      return plain /
             (stretched ? spec.long_factors : spec.short_factors)[static_cast<std::size_t>(pair)];
  }
  return plain;
}

/// LongRoPE (arXiv 2402.13753): scores grow with the logarithm of the stretch.
double longrope_magnitude(const RopeSpec& spec, bool stretched) {
  const auto& own = stretched ? spec.long_magnitude : spec.short_magnitude;
  if (own) return *own;
  if (spec.attention_factor) return *spec.attention_factor;
  if (spec.factor <= 1.0) return 1.0;
  return std::sqrt(1.0 + std::log(spec.factor) / std::log(spec.original_context));
}

/// [T, n] → [T, 1, 2n]: each pair's value at both of its channels.
mx::array at_both(const mx::array& first, const mx::array& second, bool interleaved) {
  const int tokens = first.shape(0);
  const mx::array both =
      interleaved ? mx::stack({first, second}, 2) : mx::concatenate({first, second}, 1);
  return mx::reshape(both, {tokens, 1, 2 * first.shape(1)});
}

}  // namespace

int rope_dims(const RopeSpec& spec, int head_dim) {
  return static_cast<int>(head_dim * spec.partial);
}

std::vector<float> rope_frequencies(const RopeSpec& spec, int dims, bool stretched) {
  std::vector<float> frequencies;
  for (int pair = 0; pair < dims / 2; ++pair)
    frequencies.push_back(static_cast<float>(frequency_of(spec, dims, pair, stretched)));
  return frequencies;
}

float rope_magnitude(const RopeSpec& spec, bool stretched) {
  if (spec.kind == RopeSpec::Kind::LongRope)
    return static_cast<float>(longrope_magnitude(spec, stretched));
  if (spec.kind != RopeSpec::Kind::Yarn) return 1.0F;
  if (spec.attention_factor) return static_cast<float>(*spec.attention_factor);
  if (spec.mscale != 0.0 && spec.mscale_all_dim != 0.0)
    return static_cast<float>(yarn_mscale(spec.factor, spec.mscale) /
                              yarn_mscale(spec.factor, spec.mscale_all_dim));
  return static_cast<float>(yarn_mscale(spec.factor, 1.0));
}

Rope::Table Rope::table(const RopeSpec& spec, int dims, bool stretched) {
  return {.frequencies =
              mx::array(rope_frequencies(spec, dims, stretched).data(), {1, dims / 2}, mx::float32),
          .magnitude = rope_magnitude(spec, stretched)};
}

Rope::Rope(const RopeSpec& spec, int head_dim)
    : table_(table(spec, rope_dims(spec, head_dim), /*stretched=*/false)),
      original_context_(spec.original_context),
      interleaved_(spec.interleaved) {
  if (spec.kind == RopeSpec::Kind::LongRope)
    stretched_ = table(spec, rope_dims(spec, head_dim), /*stretched=*/true);
}

/// [T, 1] bool: the row's sequence is longer than the original context.
mx::array Rope::stretched_rows(const StepBatch& batch) const {
  std::vector<std::uint8_t> rows;
  for (const Segment& segment : batch.segments)
    rows.insert(rows.end(), static_cast<std::size_t>(segment.rows),
                segment.known_length() > original_context_ ? 1 : 0);
  return mx::astype(mx::array(rows.data(), {batch.tokens(), 1}, mx::uint8), mx::bool_);
}

Rotation Rope::at(const StepBatch& batch) const {
  const mx::array positions =
      mx::reshape(mx::astype(batch.positions, mx::float32), {batch.tokens(), 1});
  mx::array frequencies = table_.frequencies;
  mx::array magnitude(table_.magnitude);
  if (stretched_) {
    const mx::array stretched = stretched_rows(batch);
    frequencies = mx::where(stretched, stretched_->frequencies, frequencies);
    magnitude = mx::where(stretched, mx::array(stretched_->magnitude), magnitude);
  }
  const mx::array angles = mx::multiply(positions, frequencies);  // [T, dims / 2]
  const mx::array cosines = mx::multiply(mx::cos(angles), magnitude);
  const mx::array sines = mx::multiply(mx::sin(angles), magnitude);
  return {at_both(cosines, cosines, interleaved_),
          at_both(mx::negative(sines), sines, interleaved_), interleaved_};
}

mx::array Rotation::operator()(const mx::array& x) const {
  const int dims = cosines_.shape(2);
  if (dims == x.shape(2)) return turned(x);
  const auto parts = mx::split(x, mx::Shape{dims}, 2);
  return mx::concatenate({turned(parts[0]), parts[1]}, 2);
}

mx::array Rotation::turned(const mx::array& x) const {
  const int half = x.shape(2) / 2;
  const mx::Shape pairs = interleaved_ ? mx::Shape{x.shape(0), x.shape(1), half, 2}
                                       : mx::Shape{x.shape(0), x.shape(1), 2, half};
  const int axis = interleaved_ ? 3 : 2;
  const auto parts = mx::split(mx::reshape(x, pairs), 2, axis);
  const mx::array swapped = mx::reshape(mx::concatenate({parts[1], parts[0]}, axis), x.shape());
  const mx::array sum = mx::add(mx::multiply(x, cosines_), mx::multiply(swapped, sines_));
  return mx::astype(sum, x.dtype());
}

}  // namespace hearth::nn
