// OLMoE: 64 small experts, and a norm over all heads of the queries and keys together.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 4096);
  set_default(config, "num_experts", 64);
  set_default(config, "num_experts_per_tok", 8);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm, .over = nn::QkNorm::Over::AllHeads};
  nn::MoeSpec moe = TRY(moe_spec(config, {.inner = "intermediate_size"}));
  Fields fields = config.fields();
  moe.router.renormalise = fields.boolean("norm_topk_prob", false);
  if (fields.has("clip_qkv"))
    fields.unsupported("clip_qkv", std::to_string(fields.number("clip_qkv")), "null");
  TRY(fields.finish());
  place_experts(spec, moe);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family olmoe() {
  return {.model_types = {"olmoe"}, .prepare = prepare, .names = expert_names(), .build = build};
}

}  // namespace hearth::models::arch
