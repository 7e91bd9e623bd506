// OLMo 2: Llama with norms behind the halves instead of before them, and over all heads of queries
// and keys together.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "rms_norm_eps", 1e-5);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.norms = kPostNorms;
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm, .over = nn::QkNorm::Over::AllHeads};
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family olmo2() {
  return {.model_types = {"olmo2"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
