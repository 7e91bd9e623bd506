// The feed-forward layers of many experts, computed together.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "nn/expert_matrix.h"
#include "nn/mlx.h"
#include "nn/weights.h"

namespace hearth::kernels {
struct MixtureWeights;
}

namespace hearth::nn {

/// What stands between an expert's first matrices and its last: gate and up, [R, F] each → [R, F].
using Gating = std::function<mx::array(const mx::array& gate, const mx::array& up)>;

/// silu(gate) * up
mx::array swiglu(const mx::array& gate, const mx::array& up);
/// gpt-oss's: gate σ(alpha gate) * (up + 1), the gate at most `limit` and up within ± `limit`.
Gating clamped_swiglu(float limit, float alpha);

struct ExpertsSpec {
  int experts = 0;  ///< E
  int width = 0;    ///< D
  int inner = 0;    ///< F
  bool bias = false;
  Gating gating = swiglu;
  /// How tensors that hold gate and up in one are laid out: columns taken in turn instead of
  /// halves, and inputs before outputs, [E, D, 2F], instead of [E, 2F, D].
  bool interleaved = false;
  bool transposed = false;
};

/// One of the layers of all experts.
struct ExpertLayer {
  ExpertMatrix weight;                 ///< [E, N, K]
  std::optional<mx::array> bias = {};  ///< [E, N]

  mx::array operator()(const mx::array& x, const ExpertRows& rows) const;
};

struct ExpertLayers {
  ExpertLayer gate, up, down;
};

/// Takes the experts in whichever layout the checkpoint has them:
///   `<e>.gate_proj`, `<e>.up_proj`, `<e>.down_proj`  one matrix per expert
///   `gate_proj`, `up_proj`, `down_proj`              stacked, plain or packed
///   `gate_up_proj`, `down_proj`                      stacked and fused: tensors without .weight
///   `gate_up_proj_blocks`, `gate_up_proj_scales` ... the same in MXFP4
/// Evaluates as it goes: beyond what is kept, memory holds one layer's tensor at a time.
ExpertLayers read_experts(const ExpertsSpec& spec, const Scope& weights);

/// The last two of those layouts, and whether `weights` has one of them.
ExpertLayers read_fused_experts(const ExpertsSpec& spec, const Scope& weights);
bool fused_experts(const Scope& weights);

/// Gated feed-forward layers, one per expert.
class Experts {
 public:
  Experts(const ExpertsSpec& spec, const Scope& weights);

  /// Row r of x through expert r: [R, D] → [R, D].
  mx::array operator()(const mx::array& x, const ExpertRows& rows) const;

  /// The experts as one operation of our kernels takes them; null where they do not serve, or not
  /// these experts: with biases, in mxfp8, or gated in another way.
  const kernels::MixtureWeights* for_kernels() const { return for_kernels_.get(); }

 private:
  Gating gating_;
  ExpertLayers layers_;
  std::shared_ptr<const kernels::MixtureWeights> for_kernels_;
};

}  // namespace hearth::nn
