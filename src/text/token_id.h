// What is a token called?
#pragma once

#include <cstdint>

namespace hearth::text {

/// A token's number in its model's vocabulary.
using TokenId = std::uint32_t;

}  // namespace hearth::text
