// Qwen3.5 (text): three gated delta nets, then one gated attention layer, and so on.
#include "models/gated_delta_layers.h"

namespace hearth::models::arch {

namespace {

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  return make_decoder(TRY(gated_delta_spec(config, facts, /*fused=*/false, weights)), weights,
                      facts);
}

}  // namespace

Family qwen3_5() {
  return {
      .model_types = {"qwen3_5", "qwen3_5_text"}, .prepare = prepare_gated_delta, .build = build};
}

}  // namespace hearth::models::arch
