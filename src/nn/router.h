// Which experts each token goes to, and how much each of them counts.
#pragma once

#include <optional>

#include "nn/layers.h"
#include "nn/mlx.h"
#include "nn/weights.h"

namespace hearth::nn {

/// How families choose experts. All of them score every expert, pick the best and weigh the picked.
struct RouterSpec {
  enum class Score {
    Softmax,          ///< over all experts
    SoftmaxOfPicked,  ///< over the picked experts' logits alone
    Sigmoid,          ///< each expert by itself
    SparseMixer,      ///< PhiMoE: two picks, each a softmax over those close to its winner
  };

  int experts = 0;  ///< E
  int active = 0;   ///< experts per token, at most E
  Score score = Score::Softmax;
  bool bias = false;        ///< of the scoring layer
  bool correction = false;  ///< a learned bias that counts for picking and not for weighing
  /// Experts stand in `groups` groups; only those of the best `open_groups` can be picked. A group
  /// is as good as its two best experts together, or as its best one.
  int groups = 1;
  int open_groups = 1;
  bool group_by_two = true;
  bool renormalise = false;   ///< the picked weights add up to 1
  float smallest_sum = 0.0F;  ///< ... but are divided by no less than this
  float scale = 1.0F;         ///< of the weights, last
  float jitter = 0.01F;       ///< SparseMixer: half the relative distance that counts as close
};

/// Where a router's parameters lie.
struct RouterNames {
  std::string linear = "gate";
  std::string correction = "gate.e_score_correction_bias";
  bool correction_row = false;  ///< stored as [1, E] instead of [E]
};

/// x [T, D] → the picked experts of each token, in no particular order.
class Router {
 public:
  struct Choice {
    mx::array experts;  ///< [T, active] uint32 in [0, E), distinct within a row
    mx::array weights;  ///< [T, active] float32
  };

  /// @param width  D
  Router(const RouterSpec& spec, int width, const Scope& weights, const RouterNames& names = {});

  Choice operator()(const mx::array& x) const;

 private:
  mx::array closed_groups(const mx::array& scores) const;
  Choice sparse_mixer(const mx::array& logits) const;

  RouterSpec spec_;
  Linear linear_;
  std::optional<mx::array> correction_;  // [E] float32
};

}  // namespace hearth::nn
