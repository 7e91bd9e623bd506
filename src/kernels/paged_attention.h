// Attention over pages as an MLX operation of the CPU backend.
#pragma once

#include <memory>
#include <mlx/array.h>
#include <optional>

#include "kernels/attention_path.h"

namespace hearth::kernels {

struct PagedStep;

/// Root mean square norm of each head of queries or keys.
struct HeadNormArray {
  std::optional<mlx::core::array> weights;  ///< [Dh] or [heads, Dh]; none: all are 1
  float epsilon = 1e-6F;
};

/// What is done to queries and keys as they come out of their projections.
struct HeadRules {
  std::optional<HeadNormArray> query_norm = {};
  std::optional<HeadNormArray> key_norm = {};
  bool norm_after_turn = false;
  /// [T, 1, dims] both: of each pair's two channels alike, but the first one's sine is negative.
  std::optional<mlx::core::array> cosines = {};
  std::optional<mlx::core::array> sines = {};
  bool interleaved = false;  ///< pairs are neighbours, else halves
};

/// The numbers and flags of a layer.
struct PagedRules {
  int kv_heads = 1;
  int value_dim = 0;            ///< Dv
  KvType type = KvType::F32;    ///< of the pools' rows
  bool values_in_keys = false;  ///< values are the keys' first Dv channels
  int window = 0;  ///< a query sees itself and the `window - 1` tokens before it; 0: all
  float scale = 1.0F;
  float softcap = 0.0F;  ///< 0: none
};

/// What is read, and the pools, which are written in place.
struct PagedArrays {
  mlx::core::array queries;                    ///< [T, H, Dh]
  std::optional<mlx::core::array> keys;        ///< [T, K, Dh]; none: another layer has written them
  std::optional<mlx::core::array> values;      ///< [T, K, Dv]; none where they lie in the keys
  std::optional<mlx::core::array> sinks;       ///< [H]
  mlx::core::array key_pool;                   ///< [pages * K * kPageRows, ...] rows (key_row())
  std::optional<mlx::core::array> value_pool;  ///< likewise; none where they lie in the keys
};

struct PagedAnswer {
  mlx::core::array mixed;     ///< [T, H, Dv] in the queries' dtype
  mlx::core::array key_pool;  ///< the same memory as what was given, with the step's keys
  std::optional<mlx::core::array> value_pool;
};

/// Places queries and keys, writes keys and values to their pages and attends, as one operation on
/// the CPU.
///
/// The pools given are written where they lie, whoever else holds them: keep the returned ones
/// instead, and evaluate before what was read of the old ones. Engine thread.
/// @throws std::invalid_argument where shapes do not fit each other.
PagedAnswer paged_attention(PagedArrays arrays, const HeadRules& heads, const PagedRules& rules,
                            std::shared_ptr<const PagedStep> step);

}  // namespace hearth::kernels
