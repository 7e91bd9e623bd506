// Multi-head latent attention: what is kept per token is one short vector for all heads.
#pragma once

#include <memory>
#include <optional>

#include "nn/layers.h"
#include "nn/mixer.h"
#include "nn/norm.h"
#include "nn/rope.h"
#include "nn/weights.h"

namespace hearth::nn {

struct LatentAttentionSpec {
  int width = 0;       ///< D
  int heads = 0;       ///< H
  int query_rank = 0;  ///< width of the latent queries; 0: queries come from x directly
  int rank = 0;        ///< R, width of the latent that keys and values come from
  int plain_dim = 0;   ///< channels of a query or key without position
  int turned_dim = 0;  ///< channels with it: the key's are shared by all heads
  int value_dim = 0;   ///< Dv
  bool bias = false;   ///< of the projections down to the latents, and of the output
  float scale = 1.0F;  ///< of the scores
  std::shared_ptr<const Rope> rope;  ///< over turned_dim channels
};

/// The cache keeps the latent and the turned part of the key, R + turned_dim numbers per token.
/// Heads attend in the latent's space: the matrix that would make keys of latents is applied to the
/// queries instead, and the one that makes values to what was mixed (arXiv 2405.04434, 2.1).
///
/// Tensors q_a_proj, q_a_layernorm, q_b_proj (or q_proj), kv_a_proj_with_mqa, kv_a_layernorm,
/// kv_b_proj (or its halves per head, embed_q and unembed_out) and o_proj.
class LatentAttention final : public Mixer {
 public:
  LatentAttention(const LatentAttentionSpec& spec, const Scope& weights);

  CacheShape cache() const override;
  mx::array operator()(const mx::array& x, const StepContext& step,
                       const LayerCache& cache) const override;

 private:
  /// What makes keys and values of latents.
  struct Expansion {
    mx::array keys;    // [H, plain_dim, R]
    mx::array values;  // [H, R, Dv]
  };

  static Expansion read_expansion(const LatentAttentionSpec& spec, const Scope& weights);
  mx::array queries(const mx::array& x, const StepContext& step) const;

  LatentAttentionSpec spec_;
  RowPolicy rows_;
  std::optional<Linear> query_down_;  // where queries have a latent
  std::optional<Norm> query_norm_;
  Linear query_;
  Linear down_;  // to the latent and the turned part of the key
  Norm norm_;
  Expansion expansion_;
  Linear output_;
};

}  // namespace hearth::nn
