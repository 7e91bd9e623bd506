// A text as the rows of tokens that models are measured on.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer.h"

namespace hearth::quality {

struct WindowOptions {
  int tokens = 0;    ///< of the text, at most; 0: all
  int window = 512;  ///< tokens that are read together; 2 or more
};

/// Pieces of a text that are read each by itself. All tokens of a window but the first are
/// predicted. Where the model's texts begin with a token of their own, every window does.
struct TokenWindows {
  std::vector<std::vector<std::int32_t>> windows;
  std::int64_t tokens = 0;  ///< of the text that lie in them
  std::int64_t of = 0;      ///< tokens of the whole text

  std::int64_t rows() const;  ///< of all windows
};

/// @returns InvalidArgument for a text of fewer than two tokens, or a window of fewer.
Result<TokenWindows> cut_into_windows(const text::Tokenizer& tokenizer, std::string_view text,
                                      const WindowOptions& options);

/// Whether ids mean the same to both. @returns InvalidArgument with the first difference.
Result<void> check_same_vocabulary(const text::Tokenizer& a, const text::Tokenizer& b);

}  // namespace hearth::quality
