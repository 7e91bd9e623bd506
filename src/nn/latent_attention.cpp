// Latent attention with the expansion folded into queries and answers.
#include "nn/latent_attention.h"

#include <utility>
#include <variant>

#include "nn/plain_matrix.h"

namespace hearth::nn {

namespace {

constexpr float kLatentEpsilon = 1e-6F;  // whatever the model's other norms have

/// [T, H, K] through each head's own matrix [H, K, N]: [T, H, N].
mx::array per_head(const mx::array& x, const mx::array& matrices, RowPolicy rows) {
  if (rows == RowPolicy::Any)
    return mx::swapaxes(mx::matmul(mx::swapaxes(x, 0, 1), matrices), 0, 1);
  const int tokens = x.shape(0);
  const int tiles = (tokens + kFixedProductRows - 1) / kFixedProductRows;
  const mx::array padded = mx::pad(x, {{0, tiles * kFixedProductRows - tokens}, {0, 0}, {0, 0}});
  const mx::array tiled = mx::swapaxes(mx::unflatten(padded, 0, {tiles, kFixedProductRows}), 1, 2);
  const mx::array answer = mx::swapaxes(mx::matmul(tiled, matrices), 1, 2);
  return mx::slice(mx::flatten(answer, 0, 1), {0, 0, 0},
                   {tokens, answer.shape(2), answer.shape(3)});
}

/// The numbers of a stack, whichever way it is kept.
mx::array dense(const ExpertMatrix& stack) {
  if (const auto* plain = std::get_if<mx::array>(&stack.content())) return in_compute_dtype(*plain);
  return unpack(std::get<PackedMatrix>(stack.content()));
}

Linear query_matrix(const LatentAttentionSpec& spec, const Scope& weights) {
  const int outputs = spec.heads * (spec.plain_dim + spec.turned_dim);
  return spec.query_rank > 0 ? weights.linear("q_b_proj", {spec.query_rank, outputs})
                             : weights.linear("q_proj", {spec.width, outputs});
}

}  // namespace

LatentAttention::LatentAttention(const LatentAttentionSpec& spec, const Scope& weights)
    : spec_(spec),
      rows_(weights.weights().row_policy()),
      query_(query_matrix(spec, weights)),
      down_(weights.linear("kv_a_proj_with_mqa",
                           {spec.width, spec.rank + spec.turned_dim, spec.bias})),
      norm_(weights.norm("kv_a_layernorm", spec.rank, {.epsilon = kLatentEpsilon})),
      expansion_(read_expansion(spec, weights)),
      output_(weights.linear("o_proj", {spec.heads * spec.value_dim, spec.width, spec.bias})) {
  if (spec.query_rank == 0) return;
  query_down_ = weights.linear("q_a_proj", {spec.width, spec.query_rank, spec.bias});
  query_norm_ = weights.norm("q_a_layernorm", spec.query_rank, {.epsilon = kLatentEpsilon});
}

LatentAttention::Expansion LatentAttention::read_expansion(const LatentAttentionSpec& spec,
                                                           const Scope& weights) {
  Weights& all = weights.weights();
  if (weights.has("embed_q.weight")) {  // converted for MLX
    const mx::array keys =
        dense(all.stack(weights.join("embed_q"), {spec.heads, spec.rank, spec.plain_dim}));
    const mx::array values =
        dense(all.stack(weights.join("unembed_out"), {spec.heads, spec.value_dim, spec.rank}));
    Expansion made{mx::contiguous(mx::swapaxes(keys, 1, 2)),
                   mx::contiguous(mx::swapaxes(values, 1, 2))};
    mx::eval({made.keys, made.values});
    return made;
  }
  const int rows = spec.plain_dim + spec.value_dim;
  const Matrix matrix = all.matrix(weights.join("kv_b_proj"), spec.heads * rows, spec.rank);
  const mx::array numbers = mx::reshape(matrix.rows(mx::arange(spec.heads * rows, mx::int32)),
                                        {spec.heads, rows, spec.rank});
  const auto parts = mx::split(numbers, mx::Shape{spec.plain_dim}, 1);
  Expansion made{mx::contiguous(parts[0]), mx::contiguous(mx::swapaxes(parts[1], 1, 2))};
  mx::eval({made.keys, made.values});
  return made;
}

CacheShape LatentAttention::cache() const {
  return {.kv = KvShape{.kv_heads = 1,
                        .head_dim = spec_.rank + spec_.turned_dim,
                        .value_dim = spec_.rank,
                        .values_in_keys = true}};
}

/// Queries in the latent's space, then their turned part: [T, H, R + turned_dim].
mx::array LatentAttention::queries(const mx::array& x, const StepContext& step) const {
  const mx::array source = query_down_ ? (*query_norm_)((*query_down_)(x)) : x;
  const mx::array flat = query_(source);
  const mx::array heads =
      mx::reshape(flat, {x.shape(0), spec_.heads, spec_.plain_dim + spec_.turned_dim});
  const auto parts = mx::split(heads, mx::Shape{spec_.plain_dim}, 2);
  return mx::concatenate(
      {per_head(parts[0], expansion_.keys, rows_), step.rotation(*spec_.rope)(parts[1])}, 2);
}

mx::array LatentAttention::operator()(const mx::array& x, const StepContext& step,
                                      const LayerCache& cache) const {
  const auto parts = mx::split(down_(x), mx::Shape{spec_.rank}, 1);
  const mx::array latent = mx::expand_dims(norm_(parts[0]), 1);  // [T, 1, R]
  const mx::array turned = step.rotation(*spec_.rope)(mx::expand_dims(parts[1], 1));
  cache.kv->append(mx::concatenate({latent, turned}, 2), latent);
  const mx::array mixed = cache.kv->attend(queries(x, step), {.scale = spec_.scale});  // [T, H, R]
  const mx::array values = per_head(mixed, expansion_.values, rows_);                  // [T, H, Dv]
  return output_(mx::flatten(values, 1, 2));
}

}  // namespace hearth::nn
