// Phi 1, 1.5 and 2: both halves of a layer read one layer norm, biases everywhere, a part of each
// head turns.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "partial_rotary_factor", 0.5);
  set_default(config, "layer_norm_eps", 1e-5);
  set_default(config, "hidden_act", "gelu_new");
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  const bool qk_norm = fields.boolean("qk_layernorm", false);
  TRY(fields.finish());
  spec.norm = {.kind = nn::NormSpec::Kind::Layer, .epsilon = config.norm_epsilon, .bias = true};
  spec.norms.feed_in = "";
  spec.parallel = true;
  spec.attention.qkv_bias = true;
  spec.attention.output_bias = true;
  if (qk_norm) spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm};
  spec.mlp.gated = false;
  spec.mlp.bias = true;
  spec.head_bias = true;
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family phi() {
  return {.model_types = {"phi"},
          .prepare = prepare,
          .names = {{"self_attn.dense.", "self_attn.o_proj."},
                    {"q_layernorm.", "q_norm."},
                    {"k_layernorm.", "k_norm."},
                    {"mlp.fc1.", "mlp.up_proj."},
                    {"mlp.fc2.", "mlp.down_proj."},
                    {"^model.final_layernorm.", "model.norm."}},
          .build = build};
}

}  // namespace hearth::models::arch
