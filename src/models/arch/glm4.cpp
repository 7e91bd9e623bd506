// GLM 4 (0414): GLM with norms before and behind each half.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "num_key_value_heads", 2);
  set_default(config, "head_dim", 128);
  set_default(config, "partial_rotary_factor", 0.5);
  set_default(config, "max_position_embeddings", 131072);
  set_default(config, "rms_norm_eps", 1.5625e-7);
  set_default(config, "attention_bias", true);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.output_bias = false;
  spec.rope->interleaved = true;
  spec.mlp.fused = true;
  spec.norms = {.mixer_in = "input_layernorm",
                .mixer_out = "post_self_attn_layernorm",
                .feed_in = "post_attention_layernorm",
                .feed_out = "post_mlp_layernorm"};
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family glm4() {
  return {.model_types = {"glm4"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
