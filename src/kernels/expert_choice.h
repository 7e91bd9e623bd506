// Which experts a token goes to, and how much each of them counts.
#pragma once

#include <mlx/array.h>
#include <optional>

namespace hearth::kernels {

/// How experts are scored, picked and weighed.
struct ChoiceRules {
  enum class Score {
    Softmax,          ///< over all experts
    SoftmaxOfPicked,  ///< over the picked experts' logits alone
    Sigmoid,          ///< each expert by itself
  };

  Score score = Score::Softmax;
  int active = 1;  ///< A: experts of each token, at most E
  /// Experts stand in `groups` groups, as many in each; only those of the best `open_groups` can be
  /// picked. A group is as good as its two best experts together, or as its best one.
  int groups = 1;
  int open_groups = 1;
  bool group_by_two = true;
  bool renormalise = false;   ///< the weights add up to 1
  float smallest_sum = 0.0F;  ///< ... but are divided by no less than this
  float scale = 1.0F;         ///< of the weights, last
};

struct ExpertChoice {
  mlx::core::array experts;  ///< [T, A] uint32, the best first; of equals the one before
  mlx::core::array weights;  ///< [T, A] float32
};

/// @param logits      [T, E] float32
/// @param correction  [E] float32: counts for picking and not for weighing
/// Throws std::invalid_argument where sizes do not fit. See HostOperation for when it is computed.
ExpertChoice choose_experts(const mlx::core::array& logits,
                            const std::optional<mlx::core::array>& correction,
                            const ChoiceRules& rules);

}  // namespace hearth::kernels
