// Llama, and Mistral, which is Llama with a sliding window (its windows come from the config).
//
// x + attention(norm x), x + mlp(norm x); grouped queries, rotary positions, SwiGLU; biases by
// choice.
#include "models/decoder.h"
#include "models/registry.h"

namespace hearth::models::arch {

std::unique_ptr<Model> llama(const Config& config, nn::Weights& weights, const ModelFacts& facts) {
  DecoderSpec spec = decoder_spec(config);
  spec.tied_head = normalise_names(weights, config);
  return std::make_unique<Decoder>(facts, spec, weights);
}

}  // namespace hearth::models::arch
