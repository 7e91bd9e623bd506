// Reading UTF-8 one character at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth::base {

/// What stands at the front of a text.
struct Utf8Character {
  std::size_t bytes = 1;    ///< how many bytes to step over; at least 1
  unsigned code_point = 0;  ///< meaningful if valid
  bool valid = true;        ///< false: these bytes are no UTF-8 (overlong, surrogate, cut off ...)
  bool incomplete = false;  ///< with !valid: the text ends within what may become a valid character
};

/// Reads the first character of `text`, which must not be empty. Invalid bytes are grouped as
/// Unicode recommends (maximal subparts), so replacing each group by U+FFFD equals what other
/// decoders do.
Utf8Character first_character(std::string_view text);

/// Whether the whole text is valid UTF-8.
bool is_utf8(std::string_view text);

}  // namespace hearth::base
