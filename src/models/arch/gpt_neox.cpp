// GPT-NeoX and Pythia: layer norms, biases everywhere, both halves of a layer side by side by
// choice; query, key and value lie in one matrix, head by head.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  rename_key(config, "rotary_emb_base", "rope_theta");
  rename_key(config, "rotary_pct", "partial_rotary_factor");
  set_default(config, "partial_rotary_factor", 0.25);
  set_default(config, "layer_norm_eps", 1e-5);
  set_default(config, "hidden_act", "gelu");
  set_default(config, "attention_bias", true);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  spec.parallel = fields.boolean("use_parallel_residual", true);
  TRY(fields.finish());
  spec.norm = {.kind = nn::NormSpec::Kind::Layer, .epsilon = config.norm_epsilon, .bias = true};
  spec.attention.projections = nn::Projections::FusedByHead;
  spec.mlp.gated = false;
  spec.mlp.bias = true;
  weights.drop([](std::string_view path) {  // masks that old checkpoints carry
    return path.ends_with("self_attn.bias") || path.ends_with("self_attn.masked_bias");
  });
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family gpt_neox() {
  return {.model_types = {"gpt_neox"},
          .prepare = prepare,
          .names = {{"^gpt_neox.", "model."},
                    {"^model.h.", "model.layers."},  // converted for MLX
                    {"^model.embed_out.", "lm_head."},
                    {"^model.embed_in.", "model.embed_tokens."},
                    {"^model.final_layer_norm.", "model.norm."},
                    {"^embed_out.", "lm_head."},
                    {".attention.", ".self_attn."},
                    {".query_key_value.", ".qkv_proj."},
                    {".self_attn.dense.", ".self_attn.o_proj."},
                    {".mlp.dense_h_to_4h.", ".mlp.up_proj."},
                    {".mlp.dense_4h_to_h.", ".mlp.down_proj."}},
          .build = build};
}

}  // namespace hearth::models::arch
