// GLM-4.5 and 4.6: half of each head turns, the first layers are dense, the others have experts in
// groups and one that every token goes through.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 131072);
  set_default(config, "n_routed_experts", 128);
  set_default(config, "num_experts_per_tok", 8);
  set_default(config, "moe_intermediate_size", 1408);
  if (!config.contains("rope_parameters")) set_default(config, "partial_rotary_factor", 0.5);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.output_bias = false;
  nn::MoeSpec moe = TRY(moe_spec(config, {.experts = "n_routed_experts"}));
  TRY(read_grouped_router(config, moe.router));
  Fields fields = config.fields();
  if (fields.boolean("use_qk_norm", false)) spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm};
  moe.shared_inner = moe.inner * fields.integer("n_shared_experts", 1, {0, 1 << 10});
  const int dense = fields.integer("first_k_dense_replace", 1, {0, 1 << 16});
  TRY(fields.finish());
  place_experts(spec, moe, [dense](int layer) { return layer >= dense; });
  drop_extra_layers(weights, config.layers);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family glm4_moe() {
  return {.model_types = {"glm4_moe"}, .prepare = prepare, .names = expert_names(), .build = build};
}

}  // namespace hearth::models::arch
