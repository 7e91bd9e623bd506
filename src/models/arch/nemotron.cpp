// Nemotron (Minitron): layer norms whose factor is 1 + w, a plain feed-forward layer with a squared
// ReLU, half of each head turns.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 4096);
  set_default(config, "norm_eps", 1e-5);
  set_default(config, "hidden_act", "relu2");
  set_default(config, "partial_rotary_factor", 0.5);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.norm = {.kind = nn::NormSpec::Kind::Layer,
               .epsilon = config.norm_epsilon,
               .bias = true,
               .plus_one = true};
  spec.mlp.gated = false;
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family nemotron() {
  return {.model_types = {"nemotron"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
