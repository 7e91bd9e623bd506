// Ministral 3, and the text part of Mistral Small 3: Llama whose queries grow with their position
// beyond the context it was first trained on.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "num_key_value_heads", 8);
  set_default(config, "head_dim", 128);
  set_default(config, "max_position_embeddings", 262144);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields rope = config.rope_fields();
  if (rope.has("llama_4_scaling_beta"))
    spec.attention.position_scale = nn::PositionScale{
        .beta = static_cast<float>(rope.number("llama_4_scaling_beta")),
        .context = static_cast<float>(rope.number("original_max_position_embeddings"))};
  TRY(rope.finish());
  spec.windows = TRY(sliding_windows(config, [](int) { return true; }));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family ministral3() {
  return {.model_types = {"ministral3", "mistral3"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
