// The non-linear functions of feed-forward layers.
#pragma once

#include <functional>

#include "nn/mlx.h"

namespace hearth::nn {

/// One value to one value, any shape.
using Activation = std::function<mx::array(const mx::array&)>;

/// x σ(x), also called swish.
mx::array silu(const mx::array& x);
/// x Φ(x) with the exact normal distribution.
mx::array gelu(const mx::array& x);
/// The same with Φ out of a tanh, as Gemma, GPT-2 and others were trained.
mx::array gelu_tanh(const mx::array& x);
mx::array relu(const mx::array& x);
/// max(x, 0)².
mx::array relu_squared(const mx::array& x);

}  // namespace hearth::nn
