// One pass through Gemma 3n.
#include "models/gemma3n.h"

#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "models/decoder.h"

namespace hearth::models {

namespace mx = nn::mx;

namespace {

constexpr float kSmallestMagnitude = 1e-5F;  // of squares

mx::array scaled(const mx::array& x, double factor) {
  return mx::multiply(x, mx::array(static_cast<float>(factor), x.dtype()));
}

/// [..., D] → [..., 1]
mx::array mean_square(const mx::array& x) {
  return mx::mean(mx::square(x), -1, /*keepdims=*/true);
}

/// x with the root mean square of `model`, row by row.
mx::array as_large_as(const mx::array& model, const mx::array& x) {
  const mx::array size =
      mx::sqrt(mx::maximum(mean_square(x), mx::array(kSmallestMagnitude, x.dtype())));
  return mx::multiply(x, mx::divide(mx::sqrt(mean_square(model)), size));
}

mx::array stream(const mx::array& streams, int index) {
  return mx::take(streams, index, 1);
}

std::vector<nn::CacheShape> cache_shapes(const std::vector<Gemma3nLayer>& layers) {
  std::vector<nn::CacheShape> shapes;
  shapes.reserve(layers.size());
  for (const Gemma3nLayer& layer : layers) shapes.push_back(layer.cache());
  return shapes;
}

}  // namespace

Gemma3nLayer::Gemma3nLayer(const Gemma3nSpec& spec, int layer, const nn::Scope& weights)
    : alt_up_(spec.alt_up, weights.scope("altup")),
      attention_in_(weights.norm("input_layernorm", spec.hidden_size, spec.norm)),
      attention_out_(weights.norm("post_attention_layernorm", spec.hidden_size, spec.norm)),
      feed_in_(weights.norm("pre_feedforward_layernorm", spec.hidden_size, spec.norm)),
      feed_out_(weights.norm("post_feedforward_layernorm", spec.hidden_size, spec.norm)),
      attention_(spec.attention[static_cast<std::size_t>(layer)], weights.scope("self_attn")),
      laurel_left_(weights.linear("laurel.linear_left", {spec.hidden_size, spec.laurel_rank})),
      laurel_right_(weights.linear("laurel.linear_right", {spec.laurel_rank, spec.hidden_size})),
      laurel_norm_(weights.norm("laurel.post_laurel_norm", spec.hidden_size, spec.norm)),
      mlp_(spec.mlp[static_cast<std::size_t>(layer)], weights.scope("mlp")),
      activation_(spec.activation),
      input_gate_(
          weights.linear("per_layer_input_gate", {spec.hidden_size, spec.layer_input_size})),
      input_projection_(
          weights.linear("per_layer_projection", {spec.layer_input_size, spec.hidden_size})),
      input_norm_(weights.norm("post_per_layer_input_norm", spec.hidden_size, spec.norm)) {
  const mx::array scale = weights.tensor("altup.correct_output_scale", {spec.hidden_size});
  if (spec.scaled_correction) correction_scale_ = scale;
}

/// Attention beside a low-rank residual (LAuReL, arXiv 2411.07501), then the feed-forward layer.
mx::array Gemma3nLayer::compute(const mx::array& x, const nn::StepContext& step,
                                const nn::LayerCache& cache) const {
  const mx::array seen = attention_in_(x);
  const mx::array laurel = mx::add(seen, laurel_norm_(laurel_right_(laurel_left_(seen))));
  const mx::array attended = mx::add(x, attention_out_(attention_(seen, step, cache)));
  const mx::array both = scaled(mx::add(attended, laurel), 1.0 / std::numbers::sqrt2);
  return mx::add(both, feed_out_(mlp_(feed_in_(both))));
}

mx::array Gemma3nLayer::operator()(const mx::array& streams, const mx::array& input,
                                   const nn::StepContext& step, const nn::LayerCache& cache) const {
  const mx::array predicted = alt_up_.predict(streams);
  const mx::array corrected =
      alt_up_.correct(predicted, compute(alt_up_.active(predicted), step, cache));
  mx::array own = alt_up_.active(corrected);
  if (correction_scale_) own = mx::multiply(own, *correction_scale_);
  own = mx::multiply(activation_(input_gate_(own)), input);
  own = mx::expand_dims(input_norm_(input_projection_(own)), 1);
  const auto parts = mx::split(corrected, mx::Shape{1}, 1);  // the first stream stays as it is
  return mx::concatenate({parts[0], mx::add(parts[1], own)}, 1);
}

Gemma3n::Parts Gemma3n::read(const Gemma3nSpec& spec, nn::Weights& weights) {
  const int width = spec.hidden_size;
  const int layers = static_cast<int>(spec.attention.size());
  const int inputs = layers * spec.layer_input_size;
  nn::Embedding embedding = weights.embedding("model.embed_tokens", spec.vocab_size, width);
  nn::Linear head =
      spec.tied_head ? embedding.as_head() : weights.linear("lm_head", {width, spec.vocab_size});
  Parts parts{
      .embedding = std::move(embedding),
      .layer_embedding =
          weights.embedding("model.embed_tokens_per_layer", spec.layer_vocab_size, inputs),
      .layer_projection = weights.linear("model.per_layer_model_projection", {width, inputs}),
      .layer_norm =
          weights.norm("model.per_layer_projection_norm", spec.layer_input_size, spec.norm),
      .in = {},
      .out = {},
      .layers = {},
      .norm = weights.norm("model.norm", width, spec.norm),
      .head = std::move(head)};
  for (int i = 0; i + 1 < spec.alt_up.streams; ++i) {
    parts.in.push_back(
        weights.linear(fmt::format("model.altup_projections.{}", i), {width, width}));
    parts.out.push_back(
        weights.linear(fmt::format("model.altup_unembed_projections.{}", i), {width, width}));
  }
  const nn::Scope scope(weights, "model.layers");
  for (int layer = 0; layer < layers; ++layer)
    parts.layers.emplace_back(spec, layer, scope.scope(std::to_string(layer)));
  return parts;
}

Gemma3n::Gemma3n(const ModelFacts& facts, const Gemma3nSpec& spec, nn::Weights& weights)
    : Gemma3n(facts, spec, read(spec, weights)) {}

Gemma3n::Gemma3n(const ModelFacts& facts, Gemma3nSpec spec, Parts parts)
    : Model(facts, cache_shapes(parts.layers)), spec_(std::move(spec)), parts_(std::move(parts)) {}

/// What each layer adds of its own: from the ids and from their embeddings x [T, D]: [T, layers,
/// P].
mx::array Gemma3n::layer_inputs(const mx::array& ids, const mx::array& x) const {
  const mx::Shape shape{x.shape(0), -1, spec_.layer_input_size};
  const mx::array known =
      mx::where(mx::less(ids, mx::array(spec_.layer_vocab_size)), ids, mx::array(0, ids.dtype()));
  const mx::array looked_up =
      scaled(parts_.layer_embedding(known), std::sqrt(double(spec_.layer_input_size)));
  const mx::array projected =
      scaled(parts_.layer_projection(x), 1.0 / std::sqrt(double(spec_.hidden_size)));
  return scaled(
      mx::add(parts_.layer_norm(mx::reshape(projected, shape)), mx::reshape(looked_up, shape)),
      1.0 / std::numbers::sqrt2);
}

/// x [T, D] → streams [T, N, D], all as large as the first.
mx::array Gemma3n::spread(const mx::array& x) const {
  std::vector<mx::array> streams{x};
  for (const nn::Linear& projection : parts_.in) streams.push_back(as_large_as(x, projection(x)));
  return mx::stack(streams, 1);
}

/// Streams [R, N, D] → their mean [R, D].
mx::array Gemma3n::gather(const mx::array& streams) const {
  const mx::array first = stream(streams, 0);
  mx::array sum = first;
  for (std::size_t i = 0; i < parts_.out.size(); ++i)
    sum = mx::add(sum, as_large_as(first, parts_.out[i](stream(streams, static_cast<int>(i) + 1))));
  return scaled(sum, 1.0 / static_cast<double>(parts_.out.size() + 1));
}

mx::array Gemma3n::logits(const nn::StepBatch& batch, Cache& cache) const {
  const nn::StepContext step(batch);
  const mx::array x = scaled(parts_.embedding(batch.ids), std::sqrt(double(spec_.hidden_size)));
  const mx::array inputs = layer_inputs(batch.ids, x);
  mx::array streams = spread(x);
  for (std::size_t i = 0; i < parts_.layers.size(); ++i)
    streams = parts_.layers[i](streams, stream(inputs, static_cast<int>(i)), step, cache.layer(i));
  const mx::array hidden = parts_.norm(wanted_rows(gather(streams), batch));
  mx::array logits = mx::astype(parts_.head(hidden), mx::float32);
  if (spec_.logit_softcap == 0.0F) return logits;
  const mx::array cap(spec_.logit_softcap);
  return mx::multiply(mx::tanh(mx::divide(logits, cap)), cap);
}

}  // namespace hearth::models
