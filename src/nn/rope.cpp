// Frequencies of the rotary variants, and the turning itself.
#include "nn/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/thread_pool.h"

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

// So many rows' angles take a thread as long as it takes to wake another.
constexpr int kRowsWorthSharing = 32;

/// Cosines and sines of rows, in the form that Rotation takes.
struct Angles {
  std::vector<float> cosines, sines;
  std::size_t pairs;
  bool interleaved;

  Angles(std::size_t rows, std::size_t pairs_each, bool neighbours)
      : cosines(2 * rows * pairs_each),
        sines(cosines.size()),
        pairs(pairs_each),
        interleaved(neighbours) {}

  void turn(std::size_t row, std::size_t pair, float angle, float magnitude) {
    const std::size_t first = 2 * pairs * row + (interleaved ? 2 * pair : pair);
    const std::size_t second = first + (interleaved ? 1 : pairs);
    cosines[first] = cosines[second] = std::cos(angle) * magnitude;
    const float sine = std::sin(angle) * magnitude;
    sines[first] = -sine;
    sines[second] = sine;
  }

  Rotation rotation(int rows) const {
    const mx::Shape shape{rows, 1, static_cast<int>(2 * pairs)};
    return {mx::array(cosines.data(), shape), mx::array(sines.data(), shape), interleaved};
  }
};

}  // namespace

int rope_dims(const RopeSpec& spec, int head_dim) {
  return static_cast<int>(head_dim * spec.partial);
}

std::vector<float> rope_frequencies(const RopeSpec& spec, int dims, bool stretched) {
  std::vector<float> frequencies;
  frequencies.reserve(static_cast<std::size_t>(dims / 2));
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
  return {.frequencies = rope_frequencies(spec, dims, stretched),
          .magnitude = rope_magnitude(spec, stretched)};
}

Rope::Rope(const RopeSpec& spec, int head_dim)
    : table_(table(spec, rope_dims(spec, head_dim), /*stretched=*/false)),
      original_context_(spec.original_context),
      interleaved_(spec.interleaved) {
  if (spec.kind == RopeSpec::Kind::LongRope)
    stretched_ = table(spec, rope_dims(spec, head_dim), /*stretched=*/true);
}

/// The angles that the segment's sequence turns by.
const Rope::Table& Rope::table_of(const Segment& segment) const {
  return stretched_ && segment.known_length() > original_context_ ? *stretched_ : table_;
}

Rotation Rope::at(const StepBatch& batch) const {
  const std::size_t pairs = table_.frequencies.size();
  Angles angles(static_cast<std::size_t>(batch.tokens()), pairs, interleaved_);
  for (const Segment& segment : batch.segments) {
    const Table& turns = table_of(segment);
    const auto rows = [&](int piece) {
      const int end = std::min(segment.rows, (piece + 1) * kRowsWorthSharing);
      for (int row = piece * kRowsWorthSharing; row < end; ++row) {
        const auto position = static_cast<float>(segment.cached + row);
        const auto token =
            static_cast<std::size_t>(segment.first_row) + static_cast<std::size_t>(row);
        for (std::size_t pair = 0; pair < pairs; ++pair)
          angles.turn(token, pair, position * turns.frequencies[pair], turns.magnitude);
      }
    };
    kernels::ThreadPool::of_process().run(
        (segment.rows + kRowsWorthSharing - 1) / kRowsWorthSharing, rows);
  }
  return angles.rotation(batch.tokens());
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
