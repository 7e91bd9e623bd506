// Grouped-query self-attention.
#pragma once

#include <memory>
#include <optional>

#include "nn/layers.h"
#include "nn/mixer.h"
#include "nn/norm.h"
#include "nn/rope.h"
#include "nn/weights.h"

namespace hearth::nn {

/// A norm of queries and keys: tensors q_norm and k_norm.
struct QkNorm {
  enum class Over {
    Head,      ///< each head alone, one weight for all of them
    OwnHead,   ///< each head alone, with a weight of its own: [H, Dh], or norms.N of [Dh] each
    AllHeads,  ///< all heads of a token together
  };

  NormSpec norm = {};
  Over over = Over::Head;
  bool after_rope = false;  ///< else before queries and keys are turned
};

/// How query, key and value lie in the checkpoint.
enum class Projections {
  Split,        ///< q_proj, k_proj, v_proj
  Fused,        ///< qkv_proj: all queries, then all keys, then all values
  FusedByHead,  ///< qkv_proj: kv head by kv head, its queries, its key, its value
};

/// Queries grow with their position p: factor 1 + beta ln(1 + floor(p / context)).
struct PositionScale {
  float beta = 0.0F;
  float context = 1.0F;
};

struct AttentionSpec {
  int width = 0;      ///< D
  int heads = 0;      ///< H
  int kv_heads = 0;   ///< K; H % K == 0
  int head_dim = 0;   ///< Dh
  int value_dim = 0;  ///< of each value head; 0: Dh
  bool qkv_bias = false;
  bool output_bias = false;
  bool gated = false;  ///< q_proj gives each head a gate too: its answer is multiplied by σ(gate)
  Projections projections = Projections::Split;
  std::optional<QkNorm> qk_norm = {};
  std::optional<NormSpec> value_norm = {};  ///< of each value head; without a weight
  std::shared_ptr<const Rope> rope = {};    ///< none: no positions at all
  int window = 0;        ///< a query sees itself and the `window - 1` tokens before it; 0: all
  float scale = 0.0F;    ///< of the scores; 0: 1 / sqrt(Dh)
  float softcap = 0.0F;  ///< scores s become softcap * tanh(s / softcap); 0: as they are
  bool sinks = false;    ///< tensor sinks [H]: a score per head that takes weight and gives nothing
  std::optional<PositionScale> position_scale = {};
  /// The earlier layer whose keys and values are read; none: it has its own.
  std::optional<std::size_t> shares = {};
};

/// x [T, D] → [T, D], the tokens of all sequences of the step. H query heads share K kv heads.
/// Tensors q_proj, k_proj, v_proj (or qkv_proj) and o_proj.
///
/// The cache keeps this step's keys and values and attends per sequence over all it holds, so the
/// layer never learns how many sequences there are, or where their keys lie.
class Attention final : public Mixer {
 public:
  Attention(AttentionSpec spec, const Scope& weights);

  CacheShape cache() const override;
  mx::array operator()(const mx::array& x, const StepContext& step,
                       const LayerCache& cache) const override;

 private:
  struct Heads {
    mx::array q;                    // [T, H, Dh]
    std::optional<mx::array> k, v;  // [T, K, Dh], [T, K, value_dim]; none where they are shared
    std::optional<mx::array> gate = {};  // [T, H, value_dim]
  };

  Heads project(const mx::array& x) const;
  Heads split(const mx::array& fused) const;
  Heads split_by_head(const mx::array& fused) const;
  mx::array placed(mx::array x, const std::optional<Norm>& norm, const StepContext& step) const;
  bool places_alike() const;
  HeadPlacement placement(const StepContext& step) const;
  mx::array position_factors(const StepContext& step) const;

  AttentionSpec spec_;
  std::optional<Linear> fused_, query_, key_, value_;
  Linear output_;
  std::optional<Norm> query_norm_, key_norm_, value_norm_;
  std::optional<mx::array> sinks_;
};

}  // namespace hearth::nn
