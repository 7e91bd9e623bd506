// StarCoder 2: layer norms, a plain feed-forward layer, biases by choice, a window in all layers.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "num_key_value_heads", 2);
  set_default(config, "max_position_embeddings", 4096);
  set_default(config, "norm_epsilon", 1e-5);
  set_default(config, "hidden_act", "gelu_pytorch_tanh");
  set_default(config, "tie_word_embeddings", true);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  const bool bias = fields.boolean("use_bias", true);
  TRY(fields.finish());
  spec.norm = {.kind = nn::NormSpec::Kind::Layer, .epsilon = config.norm_epsilon, .bias = true};
  spec.attention.qkv_bias = bias;
  spec.attention.output_bias = bias;
  spec.mlp.gated = false;
  spec.mlp.bias = bias;
  spec.windows = TRY(sliding_windows(config, [](int) { return true; }));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family starcoder2() {
  return {.model_types = {"starcoder2"},
          .prepare = prepare,
          .names = {{"mlp.c_fc.", "mlp.up_proj."}, {"mlp.c_proj.", "mlp.down_proj."}},
          .build = build};
}

}  // namespace hearth::models::arch
