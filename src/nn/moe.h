// A feed-forward layer of experts: each token goes through a few of many.
#pragma once

#include <optional>

#include "nn/experts.h"
#include "nn/layers.h"
#include "nn/mixer.h"
#include "nn/mlp.h"
#include "nn/mlx.h"
#include "nn/router.h"
#include "nn/weights.h"

namespace hearth::nn {

/// Where the parts of a layer of experts lie, under its own place.
struct MoeNames {
  RouterNames router;
  std::string experts = "experts";
  std::string shared = "shared_experts";
  std::string shared_gate = "shared_expert_gate";
};

struct MoeSpec {
  RouterSpec router;  ///< `experts` and `active` count for the whole layer
  int width = 0;      ///< D
  int inner = 0;      ///< F of each expert
  bool bias = false;  ///< of the experts' matrices
  Gating gating = swiglu;
  /// Of fused tensors, see ExpertsSpec.
  bool interleaved = false;
  bool transposed = false;
  int shared_inner = 0;       ///< F of the expert that every token goes through; 0: none
  bool shared_gated = false;  ///< its answer is weighed by σ(gate x)
  MoeNames names;
};

/// x [T, D] → [T, D]: the weighed sum of each token's experts, and the shared expert on top.
class Moe final : public FeedForward {
 public:
  Moe(const MoeSpec& spec, const Scope& weights);

  mx::array operator()(const mx::array& x) const override;

 private:
  mx::array routed(const mx::array& x) const;
  /// What each of the chosen experts [T, active] answers to its token: [T, active, D].
  mx::array outputs(const mx::array& x, const mx::array& chosen) const;

  Router router_;
  Experts experts_;
  std::optional<GatedMlp> shared_;
  std::optional<Linear> shared_gate_;
};

}  // namespace hearth::nn
