// How finely products with packed weights keep activations.
#pragma once

#include <string_view>

#include "base/result.h"

namespace hearth::kernels {

/// Digits of 8 bits for "8-bit", "16-bit" and "24-bit"; 1 where `wanted` is empty.
/// @returns an error that lists these names for any other.
Result<int> choose_digits(std::string_view wanted);

/// The digits of this process: HEARTH_ACTIVATIONS, or 1. Read once. Any thread.
const Result<int>& activation_digits();

}  // namespace hearth::kernels
