// Llama, and Mistral, which is Llama with a sliding window.
//
// x + attention(norm x), x + mlp(norm x); grouped queries, rotary positions, SwiGLU; biases by
// choice.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view model_type) {
  const bool mistral = model_type == "mistral";
  set_default(config, "max_position_embeddings", mistral ? 131072 : 2048);
  if (mistral) set_default(config, "sliding_window", 4096);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  // A llama's sliding_window counts for nothing without layer_types.
  const bool mistral = config.text_type == "mistral";
  spec.windows = TRY(sliding_windows(config, [mistral](int) { return mistral; }));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family llama() {
  return {.model_types = {"llama", "mistral"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
