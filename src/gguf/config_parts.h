// Parts of a config.json that are made of metadata by themselves.
#pragma once

#include <cstdint>
#include <span>

#include "base/json.h"
#include "base/result.h"
#include "gguf/keys.h"

namespace hearth::gguf {

inline constexpr std::int64_t kMaxSize = 1 << 22;
inline constexpr std::int64_t kMaxContext = 1 << 30;

/// The decimal number that was meant by a float32: 1e-05 for 9.99999974737875e-06.
double neat(double stored);

/// rope_theta, partial_rotary_factor and rope_scaling.
///
/// @param factors  of the tensor kRopeFactors; empty where there is none
/// @param config   has head_dim and max_position_embeddings already
/// @returns        CorruptData or UnsupportedArgument that names the key or the tensor
Result<void> add_rope(const Keys& keys, std::span<const float> factors, json::object& config);

/// Tokens that begin, fill and end a text, in both files.
///
/// @param config  has vocab_size already
Result<void> add_ends(const Keys& keys, json::object& config, json::object& generation);

}  // namespace hearth::gguf
