// Mamba2's recurrence, token by token and block by block.
#include "nn/selective_scan.h"

#include <vector>

#include "nn/token_blocks.h"

namespace hearth::nn {

namespace {

/// Axis 1 of length H becomes [G, H / G].
mx::array grouped(const mx::array& x, int groups) {
  return mx::unflatten(x, 1, {groups, x.shape(1) / groups});
}

mx::array one_token(const ScanTokens& tokens, mx::array& state) {
  const int groups = tokens.q.shape(2);
  // [B, 1, H, D] → [B, G, H / G, 1, D]; queries and keys have one head per group.
  const auto rows = [groups](const mx::array& x) { return grouped(mx::swapaxes(x, 1, 2), groups); };
  const mx::array left = mx::exp(rows(mx::expand_dims(tokens.decay, 3)));
  const mx::array news = mx::multiply(mx::swapaxes(rows(tokens.k), 3, 4), rows(tokens.v));
  const mx::array held = mx::add(mx::multiply(grouped(state, groups), left), news);
  state = mx::flatten(held, 1, 2);
  return mx::swapaxes(mx::flatten(mx::matmul(rows(tokens.q), held), 1, 2), 1, 2);
}

}  // namespace

mx::array selective_scan(const ScanTokens& tokens, mx::array& state) {
  const int rows = tokens.q.shape(1);
  if (rows == 1) return one_token(tokens, state);
  const int groups = tokens.q.shape(2);
  const int size = block_tokens(rows);
  const auto blocks = [&](const mx::array& x) { return grouped(to_blocks(x, size), groups); };
  const mx::array q = blocks(tokens.q);  // [B, G, 1, n, C, N]
  const mx::array k = blocks(tokens.k);
  const mx::array v = blocks(tokens.v);                                             // [.., n, C, P]
  const mx::array decay = mx::cumsum(blocks(mx::expand_dims(tokens.decay, 3)), 4);  // [.., n, C, 1]
  const mx::array end = mx::slice(decay, {0, 0, 0, 0, size - 1, 0}, decay.shape());

  const mx::array keys = mx::swapaxes(k, 4, 5);
  const mx::array mixing = mx::multiply(mx::matmul(q, keys), left_between(decay));
  const mx::array within = mx::matmul(mixing, v);
  const mx::array news =
      mx::matmul(keys, mx::multiply(v, mx::exp(mx::subtract(end, decay))));  // [.., n, N, P]
  mx::array held = grouped(state, groups);                                   // [B, G, H / G, N, P]
  std::vector<mx::array> answers;
  for (int i = 0; i < q.shape(3); ++i) {
    const auto at = [i](const mx::array& x) { return mx::take(x, i, 3); };
    const mx::array before = mx::multiply(mx::matmul(at(q), held), mx::exp(at(decay)));
    answers.push_back(mx::add(at(within), before));
    held = mx::add(mx::multiply(held, mx::exp(at(end))), at(news));
  }
  state = mx::flatten(held, 1, 2);
  const mx::array joined = mx::concatenate(answers, 3);  // [B, G, H / G, n * C, P]
  const mx::array ordered = mx::swapaxes(mx::flatten(joined, 1, 2), 1, 2);
  mx::Shape shape = ordered.shape();
  shape[1] = rows;
  return mx::slice(ordered, {0, 0, 0, 0}, shape);
}

}  // namespace hearth::nn
