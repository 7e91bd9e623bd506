// The recurrence of Mamba2: a matrix per head that fades and takes in what comes.
#pragma once

#include "nn/mlx.h"

namespace hearth::nn {

/// What L tokens of B sequences bring, float32. H heads in G groups; heads of a group share q and
/// k.
struct ScanTokens {
  mx::array q, k;   ///< [B, L, G, N]: Mamba's C and B
  mx::array v;      ///< [B, L, H, P]
  mx::array decay;  ///< [B, L, H]: the log of what is left of the state; at most 0
};

/// S_t = e^decay S_(t-1) + k vᵀ; answer Sᵀq (arXiv 2405.21060).
///
/// Single tokens are computed so; longer pieces in blocks, each a few matrix products, with the
/// same answer but for rounding.
/// @param state  [B, H, N, P] float32; moves on by L tokens
/// @returns      [B, L, H, P]
mx::array selective_scan(const ScanTokens& tokens, mx::array& state);

}  // namespace hearth::nn
