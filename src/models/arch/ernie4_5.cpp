// ERNIE 4.5: Llama in which neighbouring pairs turn; one switch for all biases.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "num_key_value_heads", 2);
  set_default(config, "head_dim", 128);
  set_default(config, "max_position_embeddings", 131072);
  set_default(config, "rms_norm_eps", 1e-5);
  set_default(config, "rope_theta", 500000.0);
  set_default(config, "tie_word_embeddings", true);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  const bool bias = fields.boolean("use_bias", false);
  TRY(fields.finish());
  spec.attention.qkv_bias = bias;
  spec.attention.output_bias = bias;
  spec.mlp.bias = bias;
  spec.rope->interleaved = true;
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family ernie4_5() {
  return {.model_types = {"ernie4_5"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
