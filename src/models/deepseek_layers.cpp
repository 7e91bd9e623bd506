// Sizes of latent attention out of a config.
#include "models/deepseek_layers.h"

#include <cmath>
#include <memory>

#include "nn/latent_attention.h"

namespace hearth::models {

namespace {

/// 1 / sqrt(query width), corrected where yarn stretched the context (mscale_all_dim).
float score_scale(const nn::RopeSpec& rope, int query_dim) {
  const double plain = 1.0 / std::sqrt(static_cast<double>(query_dim));
  if (rope.kind != nn::RopeSpec::Kind::Yarn || rope.mscale_all_dim == 0.0 || rope.factor <= 1.0)
    return static_cast<float>(plain);
  const double stretch = 0.1 * rope.mscale_all_dim * std::log(rope.factor) + 1.0;
  return static_cast<float>(plain * stretch * stretch);
}

}  // namespace

Result<void> place_latent_attention(const Config& config, DecoderSpec& spec) {
  constexpr Range kWidth{1, 1 << 20};
  Fields fields = config.fields();
  nn::LatentAttentionSpec latent{
      .width = config.hidden_size,
      .heads = config.heads,
      .query_rank = fields.has("q_lora_rank") ? fields.integer("q_lora_rank", {}, {0, 1 << 20}) : 0,
      .rank = fields.integer("kv_lora_rank", 512, kWidth),
      .plain_dim = fields.integer("qk_nope_head_dim", 128, kWidth),
      .turned_dim = fields.integer("qk_rope_head_dim", 64, kWidth),
      .value_dim = fields.integer("v_head_dim", 128, kWidth),
      .bias = fields.boolean("attention_bias", false)};
  if (latent.turned_dim % 2 != 0)
    fields.fault(ErrorCode::CorruptData, "qk_rope_head_dim", "must be even");
  nn::RopeSpec rope = config.rope;
  rope.partial = 1.0;
  rope.interleaved = fields.boolean("rope_interleave", true);
  TRY(fields.finish());
  latent.scale = score_scale(rope, latent.plain_dim + latent.turned_dim);
  latent.rope = std::make_shared<const nn::Rope>(rope, latent.turned_dim);
  spec.mixer = [latent](int, const nn::AttentionSpec&,
                        const nn::Scope& weights) -> std::unique_ptr<nn::Mixer> {
    return std::make_unique<nn::LatentAttention>(latent, weights.scope("self_attn"));
  };
  return {};
}

}  // namespace hearth::models
