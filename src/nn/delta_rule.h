// The gated delta rule: a matrix of associations that forgets and corrects itself.
#pragma once

#include "nn/mlx.h"

namespace hearth::nn {

/// What L tokens of B sequences bring, per head, float32.
struct DeltaTokens {
  mx::array q, k;   ///< [B, L, H, Dk]
  mx::array v;      ///< [B, L, H, Dv]
  mx::array decay;  ///< [B, L, H]: the log of what is left of the state; at most 0
  mx::array rate;   ///< [B, L, H]: how far the state moves to the token's value, 0 to 1
};

/// S_t = e^decay (S_(t-1)), then S_t += rate k (v - Sᵀk)ᵀ; answer Sᵀq (arXiv 2412.06464).
///
/// Single tokens are computed so; longer pieces in blocks, each a few matrix products, with the
/// same answer but for rounding.
/// @param state  [B, H, Dk, Dv] float32; moves on by L tokens
/// @returns      [B, L, H, Dv]
mx::array gated_delta_rule(const DeltaTokens& tokens, mx::array& state);

}  // namespace hearth::nn
