// Qwen3-MoE: Qwen3 with many small experts.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  rename_key(config, "num_local_experts", "num_experts");  // as transformers 5 spells it
  set_default(config, "max_position_embeddings", 32768);
  set_default(config, "num_experts", 128);
  set_default(config, "num_experts_per_tok", 8);
  set_default(config, "moe_intermediate_size", 768);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm};
  nn::MoeSpec moe = TRY(moe_spec(config));
  Fields fields = config.fields();
  moe.router.renormalise = fields.boolean("norm_topk_prob", false);
  const bool slides = fields.boolean("use_sliding_window", false);
  TRY(fields.finish());
  if (slides) spec.windows = TRY(sliding_windows(config, [](int) { return true; }));
  place_experts(spec, moe, TRY(sparse_steps(config)));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family qwen3_moe() {
  return {
      .model_types = {"qwen3_moe"}, .prepare = prepare, .names = expert_names(), .build = build};
}

}  // namespace hearth::models::arch
