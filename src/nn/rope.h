// Rotary positions: which angle each token and each pair of channels is turned by.
#pragma once

#include <optional>
#include <vector>

#include "nn/mlx.h"

namespace hearth::nn {

/// How angles follow from positions, in the words of Hugging Face configs.
struct RopeSpec {
  enum class Kind { Default, Linear, Llama3, Yarn };

  Kind kind = Kind::Default;
  double theta = 10000.0;
  double factor = 1.0;                          ///< by how much the context was stretched
  double original_context = 0.0;                ///< llama3, yarn: tokens before stretching
  double low_freq_factor = 1.0;                 ///< llama3
  double high_freq_factor = 4.0;                ///< llama3
  double beta_fast = 32.0;                      ///< yarn
  double beta_slow = 1.0;                       ///< yarn
  double mscale = 0.0;                          ///< yarn; 0: not given
  double mscale_all_dim = 0.0;                  ///< yarn; 0: not given
  bool truncate = true;                         ///< yarn: whole bounds of the ramp
  std::optional<double> attention_factor = {};  ///< yarn: overrides what follows from factor
};

/// Radians per token, for each of the dims / 2 pairs, slowest last.
std::vector<float> rope_frequencies(const RopeSpec& spec, int dims);

/// What the turned channels are multiplied by: 1 but for yarn.
float rope_magnitude(const RopeSpec& spec);

/// The turn of one step's tokens, computed once and used by all layers.
class Rotation {
 public:
  Rotation(mx::array cosines, mx::array sines)
      : cosines_(std::move(cosines)), sines_(std::move(sines)) {}

  /// x [T, H, Dh] turned by each token's position; pairs are (i, i + Dh / 2).
  mx::array operator()(const mx::array& x) const;

 private:
  mx::array cosines_;  // [T, 1, Dh] float32: both halves alike
  mx::array sines_;    // [T, 1, Dh] float32: the first half negative
};

/// Rotary position embedding over whole heads.
class Rope {
 public:
  /// @param dims  Dh, even
  Rope(const RopeSpec& spec, int dims);

  /// @param positions  [T] int32
  Rotation at(const mx::array& positions) const;

 private:
  mx::array frequencies_;  // [1, 1, Dh / 2] float32
  float magnitude_;
};

}  // namespace hearth::nn
