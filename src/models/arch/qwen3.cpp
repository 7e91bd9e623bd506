// Qwen3: Llama with an RMS norm on every query and key head before it is turned, and heads whose
// width is set apart from the hidden size.
#include "models/decoder.h"
#include "models/registry.h"

namespace hearth::models::arch {

std::unique_ptr<Model> qwen3(const Config& config, nn::Weights& weights, const ModelFacts& facts) {
  DecoderSpec spec = decoder_spec(config);
  spec.attention.qk_norm = config.norm_epsilon;
  spec.tied_head = normalise_names(weights, config);
  return std::make_unique<Decoder>(facts, spec, weights);
}

}  // namespace hearth::models::arch
