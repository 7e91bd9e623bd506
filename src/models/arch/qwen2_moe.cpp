// Qwen1.5-MoE and Qwen2-MoE: Qwen2 with experts, and one that every token goes through at its own
// weight.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 32768);
  set_default(config, "num_experts", 60);
  set_default(config, "num_experts_per_tok", 4);
  set_default(config, "moe_intermediate_size", 1408);
  set_default(config, "shared_expert_intermediate_size", 5632);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  nn::MoeSpec moe = TRY(moe_spec(config));
  Fields fields = config.fields();
  spec.attention.qkv_bias = fields.boolean("qkv_bias", true);
  spec.attention.output_bias = false;
  moe.router.renormalise = fields.boolean("norm_topk_prob", false);
  moe.shared_inner = fields.integer("shared_expert_intermediate_size", {}, {1, 1 << 22});
  TRY(fields.finish());
  moe.shared_gated = true;
  moe.names.shared = "shared_expert";
  spec.windows = TRY(upper_windows(config));
  place_experts(spec, moe, TRY(sparse_steps(config)));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family qwen2_moe() {
  return {
      .model_types = {"qwen2_moe"}, .prepare = prepare, .names = expert_names(), .build = build};
}

}  // namespace hearth::models::arch
