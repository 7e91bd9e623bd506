// The pre-normed decoder.
#include "models/decoder.h"

namespace hearth::models {

namespace mx = nn::mx;

namespace {

std::vector<nn::KvShape> cache_shapes(const DecoderSpec& spec, mx::Dtype dtype) {
  std::vector<nn::KvShape> shapes;
  shapes.reserve(spec.windows.size());
  for (const int window : spec.windows)
    shapes.push_back({.kv_heads = spec.attention.kv_heads,
                      .head_dim = spec.attention.head_dim,
                      .window = window,
                      .dtype = dtype});
  return shapes;
}

/// Activations, keys and values: float32 on the CPU, elsewhere as the weights are stored.
mx::Dtype compute_dtype(const ModelFacts& facts) {
  if (nn::on_cpu() || facts.dtype == "float32") return mx::float32;
  return facts.dtype == "float16" ? mx::float16 : mx::bfloat16;
}

nn::Linear make_head(const DecoderSpec& spec, const nn::Embedding& embedding,
                     nn::Weights& weights) {
  if (spec.tied_head) return embedding.as_head();
  return weights.linear("lm_head", {spec.hidden_size, spec.vocab_size});
}

/// The last hidden states of the wanted rows.
mx::array pick(const mx::array& hidden, const std::vector<std::int32_t>& rows) {
  return mx::take(hidden, mx::array(rows.data(), {static_cast<int>(rows.size())}, mx::int32), 0);
}

}  // namespace

DecoderSpec decoder_spec(const Config& config) {
  return {.vocab_size = config.vocab_size,
          .hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .norm_epsilon = config.norm_epsilon,
          .attention = {.heads = config.heads,
                        .kv_heads = config.kv_heads,
                        .head_dim = config.head_dim,
                        .qkv_bias = config.attention_bias,
                        .output_bias = config.attention_bias},
          .mlp_bias = config.mlp_bias,
          .tied_head = config.tied_head,
          .rope = config.rope,
          .windows = config.windows};
}

bool normalise_names(nn::Weights& weights, const Config& config) {
  weights.rename([](std::string path) {
    for (const std::string_view wrapper : {"model.language_model.", "language_model.model."})
      if (path.starts_with(wrapper)) return "model." + path.substr(wrapper.size());
    if (path.starts_with("language_model."))
      return path.substr(std::string("language_model.").size());
    return path;
  });
  const bool tied = config.tied_head || !weights.has("lm_head.weight");
  weights.drop([tied](std::string_view path) {
    return path.ends_with("rotary_emb.inv_freq") || (tied && path.starts_with("lm_head."));
  });
  return tied;
}

Decoder::Layer::Layer(const DecoderSpec& spec, const nn::Scope& weights)
    : attention_norm(weights.rms_norm("input_layernorm", spec.hidden_size, spec.norm_epsilon)),
      attention(spec.attention, spec.hidden_size, weights.scope("self_attn")),
      mlp_norm(weights.rms_norm("post_attention_layernorm", spec.hidden_size, spec.norm_epsilon)),
      mlp(spec.hidden_size, spec.intermediate_size, spec.mlp_bias, weights.scope("mlp")) {}

Decoder::Decoder(const ModelFacts& facts, const DecoderSpec& spec, nn::Weights& weights)
    : Model(facts, cache_shapes(spec, compute_dtype(facts))),
      embedding_(weights.embedding("model.embed_tokens", spec.vocab_size, spec.hidden_size)),
      rope_(spec.rope, spec.attention.head_dim),
      norm_(weights.rms_norm("model.norm", spec.hidden_size, spec.norm_epsilon)),
      head_(make_head(spec, embedding_, weights)) {
  const nn::Scope layers(weights, "model.layers");
  for (std::size_t i = 0; i < spec.windows.size(); ++i)
    layers_.emplace_back(spec, layers.scope(std::to_string(i)));
}

mx::array Decoder::logits(const nn::StepBatch& batch, Cache& cache) const {
  mx::array x = embedding_(batch.ids);  // [T, D]
  const nn::Rotation rotation = rope_.at(batch.positions);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    nn::KvPages& kept = cache.layer(static_cast<int>(i));
    x = mx::add(x, layer.attention(layer.attention_norm(x), rotation, kept));
    x = mx::add(x, layer.mlp(layer.mlp_norm(x)));
  }
  return mx::astype(head_(norm_(pick(x, batch.wanted))), mx::float32);  // [R, V]
}

}  // namespace hearth::models
