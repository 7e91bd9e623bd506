// Qwen2 and Qwen2.5: Llama with biases on query, key and value, and none anywhere else.
#include "models/decoder.h"
#include "models/registry.h"

namespace hearth::models::arch {

std::unique_ptr<Model> qwen2(const Config& config, nn::Weights& weights, const ModelFacts& facts) {
  DecoderSpec spec = decoder_spec(config);
  spec.attention.qkv_bias = true;
  spec.attention.output_bias = false;
  spec.tied_head = normalise_names(weights, config);
  return std::make_unique<Decoder>(facts, spec, weights);
}

}  // namespace hearth::models::arch
