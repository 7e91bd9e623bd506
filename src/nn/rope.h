// Rotary positions: which angle each token and each pair of channels is turned by.
#pragma once

#include <optional>
#include <vector>

#include "nn/mlx.h"
#include "nn/step_batch.h"

namespace hearth::nn {

/// How angles follow from positions, in the words of Hugging Face configs.
struct RopeSpec {
  enum class Kind { Default, Linear, Llama3, Yarn, LongRope };

  Kind kind = Kind::Default;
  double theta = 10000.0;
  double partial = 1.0;           ///< the share of a head's channels that turns: the first ones
  bool interleaved = false;       ///< pairs are neighbours (2i, 2i + 1), else halves (i, i + n/2)
  double factor = 1.0;            ///< by how much the context was stretched
  double original_context = 0.0;  ///< llama3, yarn, longrope: tokens before stretching
  double low_freq_factor = 1.0;   ///< llama3
  double high_freq_factor = 4.0;  ///< llama3
  double beta_fast = 32.0;        ///< yarn
  double beta_slow = 1.0;         ///< yarn
  double mscale = 0.0;            ///< yarn; 0: not given
  double mscale_all_dim = 0.0;    ///< yarn; 0: not given
  bool truncate = true;           ///< yarn: whole bounds of the ramp
  std::optional<double> attention_factor = {};  ///< yarn, longrope: overrides what follows
  std::vector<double> short_factors = {};       ///< longrope: one per pair, up to original_context
  std::vector<double> long_factors = {};        ///< longrope: one per pair, beyond it
  std::optional<double> short_magnitude = {};   ///< longrope: overrides attention_factor
  std::optional<double> long_magnitude = {};    ///< longrope: the same
};

/// How many of a head's channels turn: even for every spec that was read from a config.
int rope_dims(const RopeSpec& spec, int head_dim);

/// Radians per token, for each of the dims / 2 pairs, slowest last.
/// @param stretched  longrope: for sequences longer than original_context
std::vector<float> rope_frequencies(const RopeSpec& spec, int dims, bool stretched = false);

/// What the turned channels are multiplied by: 1 but for yarn and longrope.
float rope_magnitude(const RopeSpec& spec, bool stretched = false);

/// The turn of one step's tokens, computed once and used by all layers.
class Rotation {
 public:
  /// @param cosines, sines  [T, 1, dims] float32, both channels of a pair alike but for the sign
  ///                        of the first one's sine, which is negative
  Rotation(mx::array cosines, mx::array sines, bool interleaved)
      : cosines_(std::move(cosines)), sines_(std::move(sines)), interleaved_(interleaved) {}

  /// x [T, H, Dh], its first `dims` channels turned by each token's position.
  mx::array operator()(const mx::array& x) const;

  const mx::array& cosines() const { return cosines_; }
  const mx::array& sines() const { return sines_; }
  bool interleaved() const { return interleaved_; }

 private:
  mx::array turned(const mx::array& x) const;

  mx::array cosines_, sines_;
  bool interleaved_;
};

/// Rotary position embedding.
class Rope {
 public:
  Rope(const RopeSpec& spec, int head_dim);

  /// The turn of each of the step's tokens. Longrope chooses by the length of its sequence
  /// (Segment::known_length), one choice for all tokens of a segment.
  Rotation at(const StepBatch& batch) const;

 private:
  /// One set of angles: all there is, but for longrope.
  struct Table {
    std::vector<float> frequencies;  // [dims / 2]
    float magnitude;
  };

  static Table table(const RopeSpec& spec, int dims, bool stretched);
  const Table& table_of(const Segment& segment) const;

  Table table_;
  std::optional<Table> stretched_;
  double original_context_;
  bool interleaved_;
};

}  // namespace hearth::nn
