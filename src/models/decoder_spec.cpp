// From settings to a decoder.
#include "models/decoder_spec.h"

#include <string>
#include <utility>

#include "models/decoder.h"

namespace hearth::models {

namespace {

/// The rotary tables that layers share, by whether they have a window.
struct Ropes {
  std::shared_ptr<const nn::Rope> all, local;

  explicit Ropes(const DecoderSpec& spec) {
    const auto made = [&](const nn::RopeSpec& rope) {
      return std::make_shared<const nn::Rope>(rope, spec.attention.head_dim);
    };
    if (spec.rope) all = made(*spec.rope);
    local = spec.local_rope ? made(*spec.local_rope) : all;
  }
};

nn::AttentionSpec attention_of(const DecoderSpec& spec, const Ropes& ropes, int layer) {
  nn::AttentionSpec attention = spec.attention;
  if (!spec.windows.empty()) attention.window = spec.windows[static_cast<std::size_t>(layer)];
  attention.rope = attention.window > 0 ? ropes.local : ropes.all;
  if (spec.vary) spec.vary(layer, attention);
  return attention;
}

nn::Block make_block(const DecoderSpec& spec, const Ropes& ropes, int layer,
                     const nn::Scope& weights) {
  const auto norm = [&](std::string_view name) -> std::optional<nn::Norm> {
    if (name.empty()) return {};
    return weights.norm(name, spec.hidden_size, spec.norm);
  };
  nn::Block block{.parallel = spec.parallel, .residual_scale = spec.residual_scale};
  const nn::AttentionSpec attention = attention_of(spec, ropes, layer);
  block.mixer = spec.mixer ? spec.mixer(layer, attention, weights)
                           : std::make_unique<nn::Attention>(attention, weights.scope("self_attn"));
  block.feed_forward = spec.feed_forward ? spec.feed_forward(layer, weights)
                                         : nn::make_mlp(spec.mlp, weights.scope("mlp"));
  if (block.mixer) {
    block.mixer_in = norm(spec.norms.mixer_in);
    block.mixer_out = norm(spec.norms.mixer_out);
  }
  if (block.feed_forward) {
    block.feed_in = norm(spec.norms.feed_in);
    block.feed_out = norm(spec.norms.feed_out);
  }
  return block;
}

nn::Linear make_head(const DecoderSpec& spec, const nn::Embedding& embedding,
                     nn::Weights& weights) {
  if (spec.tied_head) return embedding.as_head();
  return weights.linear("lm_head", {spec.hidden_size, spec.vocab_size, spec.head_bias});
}

}  // namespace

Result<DecoderSpec> decoder_spec(const Config& config, const ModelFacts& facts) {
  Fields fields = config.fields();
  const bool attention_bias = fields.boolean("attention_bias", false);
  const bool mlp_bias = fields.boolean("mlp_bias", false);
  TRY(fields.finish());
  return DecoderSpec{
      .vocab_size = config.vocab_size,
      .hidden_size = config.hidden_size,
      .layers = config.layers,
      .norm = {.epsilon = config.norm_epsilon},
      .attention = {.width = config.hidden_size,
                    .heads = config.heads,
                    .kv_heads = config.kv_heads,
                    .head_dim = config.head_dim,
                    .qkv_bias = attention_bias,
                    .output_bias = attention_bias},
      .mlp = {.width = config.hidden_size,
              .inner = config.intermediate_size,
              .activation = TRY(read_activation(config, "hidden_act", "silu")),
              .bias = mlp_bias},
      .rope = config.rope,
      .local_rope = config.local_rope,
      .tied_head = facts.tied_head,
  };
}

std::unique_ptr<Model> make_decoder(const DecoderSpec& spec, nn::Weights& weights,
                                    const ModelFacts& facts) {
  const Ropes ropes(spec);
  nn::Embedding embedding =
      weights.embedding("model.embed_tokens", spec.vocab_size, spec.hidden_size);
  nn::Linear head = make_head(spec, embedding, weights);
  DecoderParts parts{.embedding = std::move(embedding),
                     .embedding_scale = spec.embedding_scale,
                     .norm = weights.norm("model.norm", spec.hidden_size, spec.norm),
                     .head = std::move(head),
                     .logit_scale = spec.logit_scale,
                     .logit_softcap = spec.logit_softcap};
  if (spec.learned_positions > 0)
    parts.positions =
        weights.embedding("model.embed_positions", spec.learned_positions, spec.hidden_size);
  const nn::Scope layers(weights, "model.layers");
  for (int layer = 0; layer < spec.layers; ++layer)
    parts.blocks.push_back(make_block(spec, ropes, layer, layers.scope(std::to_string(layer))));
  return std::make_unique<Decoder>(facts, std::move(parts));
}

}  // namespace hearth::models
