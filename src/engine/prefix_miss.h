// Where and why the beginning of a prompt could not be taken from the cache.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/engine.h"

namespace hearth::engine {

/// In tokens what PrefixReport is in text. The windows hold a few tokens before `position` and a
/// few from there on.
struct PrefixMiss {
  PrefixRule rule = PrefixRule::Hit;
  std::uint32_t position = 0;         ///< tokens that are equal
  std::vector<TokenId> here = {};     ///< around the position in this prompt
  std::vector<TokenId> earlier = {};  ///< and in the most similar earlier one
  std::uint32_t before = 0;           ///< tokens of both windows that lie before the position
};

}  // namespace hearth::engine
