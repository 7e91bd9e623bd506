// Qwen3-Next: gated delta nets and gated attention, experts by softmax and a gated shared one.
#include "models/gated_delta_layers.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view model_type) {
  prepare_gated_delta(config, model_type);
  set_default(config, "num_experts", 512);
  set_default(config, "num_experts_per_tok", 10);
  set_default(config, "moe_intermediate_size", 512);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(gated_delta_spec(config, facts, /*fused=*/true, weights));
  place_experts(spec, TRY(gated_shared_experts(config)), TRY(sparse_steps(config)));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family qwen3_next() {
  return {
      .model_types = {"qwen3_next"}, .prepare = prepare, .names = expert_names(), .build = build};
}

}  // namespace hearth::models::arch
