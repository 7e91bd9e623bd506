// Qwen2 and Qwen2.5: Llama with biases on query, key and value, and none anywhere else.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 32768);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.qkv_bias = true;
  spec.attention.output_bias = false;
  spec.windows = TRY(upper_windows(config));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family qwen2() {
  return {.model_types = {"qwen2"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
