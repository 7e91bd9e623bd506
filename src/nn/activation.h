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

/// ln(1 + eˣ).
mx::array softplus(const mx::array& x);

/// The numbers of xIELU (arXiv 2411.13010), each [1] or [].
struct XieluSpec {
  mx::array positive;  ///< curvature above 0
  mx::array negative;  ///< weight of the exponential below 0
  mx::array beta;      ///< slope at 0
  mx::array epsilon;   ///< the exponential is taken of min(x, epsilon)
};

/// positive x² + beta x above 0, negative (e^min(x, epsilon) - 1 - x) + beta x below.
mx::array xielu(const mx::array& x, const XieluSpec& spec);

/// `inner` of what is among the largest values of each row, measured from where they begin; 0 for
/// the others. Which are the largest follows from the row's mean and deviation, as if they were
/// drawn from a normal distribution.
/// @param share  in (0, 1): of the values that become 0
Activation largest_only(Activation inner, double share);

}  // namespace hearth::nn
