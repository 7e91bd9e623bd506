// Convolutions or attention, by the config's list.
#include "models/lfm2_layers.h"

#include <algorithm>

#include "nn/short_conv.h"

namespace hearth::models {

namespace {

/// Per layer whether it attends: by layer_types, or by full_attn_idxs; all where neither is given.
Result<std::vector<bool>> attending(const Config& config) {
  const std::vector<std::string> kinds = TRY(layer_types(config));
  Fields fields = config.fields();
  std::vector<bool> attends;
  if (kinds.empty()) {
    const bool listed = fields.has("full_attn_idxs");
    const auto ids = fields.id_list("full_attn_idxs");
    for (int layer = 0; layer < config.layers; ++layer)
      attends.push_back(!listed || std::ranges::count(ids, layer) > 0);
  }
  for (const std::string& kind : kinds) {
    if (kind != "full_attention" && kind != "conv")
      fields.unsupported("layer_types", kind, "full_attention, conv");
    attends.push_back(kind == "full_attention");
  }
  TRY(fields.finish());
  return attends;
}

}  // namespace

void prepare_lfm2(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 128000);
  set_default(config, "rope_theta", 1000000.0);
  set_default(config, "norm_eps", 1e-5);
  // Both spellings of the same: where both stand, the second is the one that is meant.
  if (const json::value* width = config.if_contains("block_ff_dim"); width && !width->is_null())
    config["intermediate_size"] = json::value(*width);
  if (const json::value* tied = config.if_contains("tie_embedding"); tied && !tied->is_null())
    config["tie_word_embeddings"] = json::value(*tied);
  set_default(config, "tie_word_embeddings", true);
}

std::vector<Rename> lfm2_names() {
  return {{"^model.embedding_norm.", "model.norm."},
          {".self_attn.out_proj.", ".self_attn.o_proj."},
          {".self_attn.q_layernorm.", ".self_attn.q_norm."},
          {".self_attn.k_layernorm.", ".self_attn.k_norm."},
          {".feed_forward.w1.", ".mlp.gate_proj."},
          {".feed_forward.w3.", ".mlp.up_proj."},
          {".feed_forward.w2.", ".mlp.down_proj."}};
}

Result<DecoderSpec> lfm2_spec(const Config& config, const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.norms = {.mixer_in = "operator_norm", .feed_in = "ffn_norm"};
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm};
  Fields fields = config.fields();
  const nn::ShortConvSpec conv{.width = config.hidden_size,
                               .kernel = fields.integer("conv_L_cache", 3, {2, 1024}),
                               .bias = fields.boolean("conv_bias", false)};
  TRY(fields.finish());
  spec.mixer = [conv, attends = TRY(attending(config))](
                   int layer, const nn::AttentionSpec& attention,
                   const nn::Scope& weights) -> std::unique_ptr<nn::Mixer> {
    if (attends[static_cast<std::size_t>(layer)])
      return std::make_unique<nn::Attention>(attention, weights.scope("self_attn"));
    return std::make_unique<nn::ShortConv>(conv, weights.scope("conv"));
  };
  return spec;
}

}  // namespace hearth::models
