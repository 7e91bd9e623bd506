// For tests: prompts of any length that are about nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace hearth::engine::testing {

/// Tokens that count up.
inline std::vector<TokenId> token_row(TokenId from, std::uint32_t tokens) {
  std::vector<TokenId> all;
  for (std::uint32_t i = 0; i < tokens; ++i) all.push_back(from + i);
  return all;
}

/// Small letters.
inline std::string story(std::size_t letters, char first = 'a') {
  std::string text;
  for (std::size_t i = 0; i < letters; ++i)
    text += static_cast<char>(first + static_cast<char>(i * i % 26));
  return text;
}

}  // namespace hearth::engine::testing
