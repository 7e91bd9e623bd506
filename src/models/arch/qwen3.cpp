// Qwen3: Llama with an RMS norm on every query and key head before it is turned, and heads whose
// width is set apart from the hidden size.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 32768);
  set_default(config, "head_dim", 128);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm};
  spec.windows = TRY(upper_windows(config));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family qwen3() {
  return {.model_types = {"qwen3"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
