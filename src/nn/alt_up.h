// Alternating updates: several residual streams, of which one passes through each layer.
#pragma once

#include "nn/layers.h"
#include "nn/mlx.h"
#include "nn/norm.h"
#include "nn/weights.h"

namespace hearth::nn {

struct AltUpSpec {
  int width = 0;    ///< D
  int streams = 0;  ///< N
  int active = 0;   ///< the stream that the layer computes
  NormSpec norm;
};

/// Before a layer every stream is predicted from all; behind it all are corrected by how far the
/// computed one was off (arXiv 2301.13310). Tensors modality_router, router_norm, prediction_coefs
/// and correction_coefs.
class AltUp {
 public:
  AltUp(const AltUpSpec& spec, const Scope& weights);

  /// Streams [T, N, D] → predicted streams [T, N, D].
  mx::array predict(const mx::array& streams) const;

  /// @param predicted  [T, N, D]
  /// @param computed   [T, D]: what the layer made of the active one
  /// @returns          [T, N, D]
  mx::array correct(const mx::array& predicted, const mx::array& computed) const;

  /// [T, N, D] → [T, D]
  mx::array active(const mx::array& streams) const { return mx::take(streams, spec_.active, 1); }

 private:
  mx::array routed(const mx::array& x) const;

  AltUpSpec spec_;
  Norm norm_;
  Linear router_, prediction_, correction_;
};

}  // namespace hearth::nn
