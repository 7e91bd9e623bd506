// The gated delta rule, token by token and block by block.
#include "nn/delta_rule.h"

#include <vector>

#include "nn/token_blocks.h"

namespace hearth::nn {

namespace {

mx::array one_token(const DeltaTokens& tokens, mx::array& state) {
  const auto row = [](const mx::array& x) { return mx::swapaxes(x, 1, 2); };  // [B, H, 1, D]
  const auto lone = [](const mx::array& x) { return mx::expand_dims(mx::swapaxes(x, 1, 2), 3); };
  state = mx::multiply(state, mx::exp(lone(tokens.decay)));
  const mx::array known = mx::matmul(row(tokens.k), state);  // [B, H, 1, Dv]
  const mx::array news = mx::multiply(mx::subtract(row(tokens.v), known), lone(tokens.rate));
  state = mx::add(state, mx::matmul(mx::swapaxes(row(tokens.k), 2, 3), news));
  return row(mx::matmul(row(tokens.q), state));
}

/// (I + A)⁻¹ of strictly lower triangular A [N, n, n], n a power of two: the halves on the diagonal
/// are inverted alike, and what lies below them follows.
mx::array inverse(const mx::array& a) {
  const int count = a.shape(0);
  const int n = a.shape(1);
  if (n == 1) return mx::ones_like(a);
  const int half = n / 2;
  const auto quarter = [&](int row, int column) {
    return mx::slice(a, {0, row, column}, {count, row + half, column + half});
  };
  const mx::array halves = inverse(mx::concatenate({quarter(0, 0), quarter(half, half)}, 0));
  const mx::array first = mx::slice(halves, {0, 0, 0}, {count, half, half});
  const mx::array second = mx::slice(halves, {count, 0, 0}, {2 * count, half, half});
  const mx::array below = mx::negative(mx::matmul(second, mx::matmul(quarter(half, 0), first)));
  return mx::concatenate(
      {mx::concatenate({first, mx::zeros_like(first)}, 2), mx::concatenate({below, second}, 2)}, 1);
}

/// What a block's tokens do to each other, before its state is known.
struct Block {
  mx::array values;   // [B, H, n, C, Dv]: the news of each token
  mx::array reading;  // [B, H, n, C, Dk]: what of the state they correct
  mx::array mixing;   // [B, H, n, C, C]: how much each token sees of those up to it
  mx::array q, k;     // [B, H, n, C, Dk], decayed from the block's beginning, and to its end
  mx::array left;     // [B, H, n, 1, 1]: of the state at the block's end
};

Block prepare(const DeltaTokens& tokens, int size) {
  const auto column = [size](const mx::array& x) { return to_blocks(mx::expand_dims(x, 3), size); };
  const mx::array q = to_blocks(tokens.q, size);
  const mx::array k = to_blocks(tokens.k, size);
  const mx::array rate = column(tokens.rate);                   // [B, H, n, C, 1]
  const mx::array decay = mx::cumsum(column(tokens.decay), 3);  // [B, H, n, C, 1]
  const mx::array end = mx::slice(decay, {0, 0, 0, size - 1, 0}, decay.shape());
  const mx::array keys = mx::swapaxes(k, 3, 4);

  const mx::array between = left_between(decay);
  const mx::array weighted = mx::multiply(k, rate);
  const mx::array pairs = mx::multiply(mx::matmul(weighted, keys), between);
  const mx::array strict = mx::where(mx::tri(size, size, -1, mx::bool_), pairs, mx::array(0.0F));
  const mx::array solved =
      mx::reshape(inverse(mx::reshape(strict, {-1, size, size})), strict.shape());

  return {.values = mx::matmul(solved, mx::multiply(to_blocks(tokens.v, size), rate)),
          .reading = mx::matmul(solved, mx::multiply(weighted, mx::exp(decay))),
          .mixing = mx::multiply(mx::matmul(q, keys), between),
          .q = mx::multiply(q, mx::exp(decay)),
          .k = mx::multiply(k, mx::exp(mx::subtract(end, decay))),
          .left = mx::exp(end)};
}

}  // namespace

mx::array gated_delta_rule(const DeltaTokens& tokens, mx::array& state) {
  const int rows = tokens.q.shape(1);
  if (rows == 1) return one_token(tokens, state);
  const int size = block_tokens(rows);
  const Block all = prepare(tokens, size);
  std::vector<mx::array> answers;
  for (int i = 0; i < all.q.shape(2); ++i) {
    const auto at = [i](const mx::array& x) { return mx::take(x, i, 2); };
    const mx::array news = mx::subtract(at(all.values), mx::matmul(at(all.reading), state));
    answers.push_back(mx::add(mx::matmul(at(all.q), state), mx::matmul(at(all.mixing), news)));
    state =
        mx::add(mx::multiply(state, at(all.left)), mx::matmul(mx::swapaxes(at(all.k), 2, 3), news));
  }
  const mx::array joined = mx::swapaxes(mx::concatenate(answers, 2), 1, 2);  // [B, n * C, H, Dv]
  mx::Shape shape = joined.shape();
  shape[1] = rows;
  return mx::slice(joined, {0, 0, 0, 0}, shape);
}

}  // namespace hearth::nn
