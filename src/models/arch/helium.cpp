// Helium: Llama in which neighbouring pairs turn.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "head_dim", 128);
  set_default(config, "max_position_embeddings", 4096);
  set_default(config, "rms_norm_eps", 1e-8);
  set_default(config, "rope_theta", 100000.0);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.output_bias = false;
  spec.rope->interleaved = true;
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family helium() {
  return {.model_types = {"helium"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
