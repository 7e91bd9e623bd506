// Granite 3: Llama with a factor on embeddings, scores, residuals and logits.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  for (const std::string_view key :
       {"embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling"})
    set_default(config, key, 1.0);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  spec.embedding_scale = static_cast<float>(fields.number("embedding_multiplier"));
  spec.attention.scale = static_cast<float>(fields.number("attention_multiplier"));
  spec.residual_scale = static_cast<float>(fields.number("residual_multiplier"));
  spec.logit_scale = static_cast<float>(1.0 / fields.number("logits_scaling"));
  TRY(fields.finish());
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family granite() {
  return {.model_types = {"granite"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
