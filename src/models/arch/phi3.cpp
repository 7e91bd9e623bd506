// Phi 3, 3.5 and 4: Llama with one matrix for query, key and value and one for gate and up; long
// contexts by longrope.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 4096);
  set_default(config, "original_max_position_embeddings", 4096);
  set_default(config, "rms_norm_eps", 1e-5);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.projections = nn::Projections::Fused;
  spec.mlp.fused = true;
  spec.windows = TRY(sliding_windows(config, [](int) { return true; }));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family phi3() {
  return {.model_types = {"phi3"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
