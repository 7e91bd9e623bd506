// DeepSeek-V3 and R1, and Kimi K2, which is V3 with other numbers: latent attention, the first
// layers dense, then experts in groups and shared ones.
#include "models/deepseek_layers.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 4096);
  set_default(config, "n_routed_experts", 256);
  set_default(config, "num_experts_per_tok", 8);
  set_default(config, "moe_intermediate_size", 2048);
  set_default(config, "q_lora_rank", 1536);
  set_default(config, "n_group", 8);
  set_default(config, "topk_group", 4);
  set_default(config, "routed_scaling_factor", 2.5);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  TRY(place_latent_attention(config, spec));
  nn::MoeSpec moe = TRY(moe_spec(config, {.experts = "n_routed_experts"}));
  TRY(read_grouped_router(config, moe.router));
  Fields fields = config.fields();
  moe.shared_inner = moe.inner * fields.integer("n_shared_experts", 1, {0, 1 << 10});
  const int dense = fields.integer("first_k_dense_replace", 3, {0, 1 << 16});
  TRY(fields.finish());
  place_experts(spec, moe, [dense](int layer) { return layer >= dense; });
  drop_extra_layers(weights, config.layers);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family deepseek_v3() {
  return {.model_types = {"deepseek_v3", "kimi_k2", "joyai_llm_flash"},
          .prepare = prepare,
          .names = expert_names(),
          .build = build};
}

}  // namespace hearth::models::arch
