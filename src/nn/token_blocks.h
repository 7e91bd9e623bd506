// Cutting a sequence into blocks of tokens, for recurrences that are computed block by block.
#pragma once

#include <algorithm>
#include <bit>
#include <limits>

#include "nn/mlx.h"

namespace hearth::nn {

/// C, the tokens of a block, for a piece of `rows` tokens: a power of two, at most 64.
inline int block_tokens(int rows) {
  constexpr int kMost = 64;
  return std::min(kMost, static_cast<int>(std::bit_ceil(static_cast<unsigned>(rows))));
}

/// [B, L, H, D] → [B, H, blocks, C, D], zeros behind the last token.
inline mx::array to_blocks(const mx::array& x, int block) {
  const int rows = x.shape(1);
  const int count = (rows + block - 1) / block;
  const mx::array padded = mx::pad(x, {{0, 0}, {0, count * block - rows}, {0, 0}, {0, 0}});
  return mx::transpose(mx::reshape(padded, {x.shape(0), count, block, x.shape(2), x.shape(3)}),
                       {0, 3, 1, 2, 4});
}

/// How much of token j is left at token i of its block: exp(sum of decays in (j, i]), 0 for the
/// future. Pairs from the future are cut off before the exponential: theirs would overflow.
/// @param decay  [..., C, 1]: sums of the logs of what is left, from the block's beginning
/// @returns      [..., C, C]
inline mx::array left_between(const mx::array& decay) {
  const int size = decay.shape(-2);
  const mx::array differences = mx::subtract(decay, mx::swapaxes(decay, -1, -2));
  return mx::exp(mx::where(mx::tri(size, size, 0, mx::bool_), differences,
                           mx::array(-std::numeric_limits<float>::infinity())));
}

}  // namespace hearth::nn
