// GPT-2: learned positions, layer norms, biases everywhere; matrices are stored as [inputs,
// outputs].
#include <cmath>

#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  rename_key(config, "n_embd", "hidden_size");
  rename_key(config, "n_layer", "num_hidden_layers");
  rename_key(config, "n_head", "num_attention_heads");
  rename_key(config, "n_positions", "max_position_embeddings");
  rename_key(config, "activation_function", "hidden_act");
  set_default(config, "hidden_act", "gelu_new");
  set_default(config, "max_position_embeddings", 1024);
  set_default(config, "layer_norm_epsilon", 1e-5);
  set_default(config, "tie_word_embeddings", true);
  const json::value* inner = config.if_contains("n_inner");
  const json::value* width = config.if_contains("hidden_size");
  if (inner && !inner->is_null())
    config["intermediate_size"] = *inner;
  else if (width && width->is_int64())
    config["intermediate_size"] = 4 * width->get_int64();
}

/// Hugging Face's files have all matrices of the layers turned; mlx-lm's conversions do not.
void turn_matrices(nn::Weights& weights, const Config& config) {
  const std::string first = "model.layers.0.self_attn.qkv_proj.weight";
  if (weights.stored_shape(first) != nn::mx::Shape{config.hidden_size, 3 * config.hidden_size})
    return;
  weights.turn([](std::string_view path) {
    return path.starts_with("model.layers.") && path.ends_with("_proj.weight");
  });
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  const bool scaled = fields.boolean("scale_attn_weights", true);
  const bool by_layer = fields.boolean("scale_attn_by_inverse_layer_idx", false);
  TRY(fields.finish());
  spec.norm = {.kind = nn::NormSpec::Kind::Layer, .epsilon = config.norm_epsilon, .bias = true};
  spec.rope.reset();
  spec.learned_positions = config.context_length;
  spec.attention.projections = nn::Projections::Fused;
  spec.attention.qkv_bias = true;
  spec.attention.output_bias = true;
  const float scale = scaled ? 1.0F / std::sqrt(static_cast<float>(config.head_dim)) : 1.0F;
  spec.vary = [scale, by_layer](int layer, nn::AttentionSpec& attention) {
    attention.scale = by_layer ? scale / static_cast<float>(layer + 1) : scale;
  };
  spec.mlp.gated = false;
  spec.mlp.bias = true;
  weights.drop([](std::string_view path) {  // causal masks that old checkpoints carry
    return path.ends_with("self_attn.bias") || path.ends_with("self_attn.masked_bias");
  });
  turn_matrices(weights, config);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family gpt2() {
  return {.model_types = {"gpt2"},
          .prepare = prepare,
          .names = {{"^transformer.", ""},
                    {"^model.", ""},
                    {"^h.", "model.layers."},
                    {"^wte.", "model.embed_tokens."},
                    {"^wpe.", "model.embed_positions."},
                    {"^ln_f.", "model.norm."},
                    {".ln_1.", ".input_layernorm."},
                    {".ln_2.", ".post_attention_layernorm."},
                    {".attn.", ".self_attn."},
                    {".self_attn.c_attn.", ".self_attn.qkv_proj."},
                    {".self_attn.c_proj.", ".self_attn.o_proj."},
                    {".mlp.c_fc.", ".mlp.up_proj."},
                    {".mlp.c_proj.", ".mlp.down_proj."}},
          .build = build};
}

}  // namespace hearth::models::arch
