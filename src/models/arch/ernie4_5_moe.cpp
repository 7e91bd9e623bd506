// ERNIE 4.5 MoE: pairs of neighbours turn, experts are picked with a correction and weighed by
// their softmax without it.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 131072);
  set_default(config, "rope_theta", 500000.0);
  set_default(config, "tie_word_embeddings", true);
  set_default(config, "moe_num_experts", 64);
  set_default(config, "moe_k", 6);
  set_default(config, "moe_intermediate_size", 1536);
}

/// Which layers have experts: every `interval`-th of those between start and end.
Result<std::function<bool(int)>> sparse_layers(const Config& config) {
  Fields fields = config.fields();
  const int start = fields.integer("moe_layer_start_index", 1, {0, 1 << 16});
  const int end = fields.integer("moe_layer_end_index", -1, {-1, 1 << 16});
  const int interval = fields.integer("moe_layer_interval", 1, {1, 1 << 16});
  TRY(fields.finish());
  const int last = end < 0 ? config.layers - 1 : end;
  return [=](int layer) { return (layer + 1) % interval == 0 && layer >= start && layer <= last; };
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.rope->interleaved = true;
  nn::MoeSpec moe = TRY(moe_spec(config, {.experts = "moe_num_experts", .active = "moe_k"}));
  Fields fields = config.fields();
  const bool bias = fields.boolean("use_bias", false);
  moe.router.smallest_sum = static_cast<float>(fields.number("moe_norm_min", 1e-12));
  moe.shared_inner = moe.inner * fields.integer("moe_num_shared_experts", 2, {0, 1 << 10});
  TRY(fields.finish());
  spec.attention.qkv_bias = spec.attention.output_bias = spec.mlp.bias = moe.bias = bias;
  moe.router.correction = moe.router.renormalise = true;
  moe.names.router.correction = "moe_statics.e_score_correction_bias";
  moe.names.router.correction_row = true;
  place_experts(spec, moe, TRY(sparse_layers(config)));
  weights.drop([](std::string_view path) { return path.starts_with("model.mtp_"); });
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family ernie4_5_moe() {
  return {
      .model_types = {"ernie4_5_moe"}, .prepare = prepare, .names = expert_names(), .build = build};
}

}  // namespace hearth::models::arch
