// Qwen3.5 with experts in every layer, and a gated shared one.
#include "models/gated_delta_layers.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view model_type) {
  prepare_gated_delta(config, model_type);
  set_default(config, "num_experts", 256);
  set_default(config, "num_experts_per_tok", 8);
  set_default(config, "moe_intermediate_size", 512);
  // No layer is dense, so configs leave out how wide a dense one would be.
  set_default(config, "intermediate_size", 512);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(gated_delta_spec(config, facts, /*fused=*/false, weights));
  place_experts(spec, TRY(gated_shared_experts(config)));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family qwen3_5_moe() {
  return {.model_types = {"qwen3_5_moe", "qwen3_5_moe_text"},
          .prepare = prepare,
          .names = expert_names(),
          .build = build};
}

}  // namespace hearth::models::arch
