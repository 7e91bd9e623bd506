// Granite 3: Llama with a factor on embeddings, scores, residuals and logits.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/multipliers.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  default_multipliers(config);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  TRY(read_multipliers(config, spec));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family granite() {
  return {.model_types = {"granite"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
