// The tokens of a GGUF file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/value.h"

namespace hearth::gguf {

/// With the numbers that the file format has for them.
enum class TokenKind : std::uint8_t {
  Normal = 1,
  Unknown = 2,
  Control = 3,
  UserDefined = 4,
  Unused = 5,
  Byte = 6,
};

/// U+2581, which stands for a space in SentencePiece's pieces.
inline constexpr std::string_view kSpaceSign = "\xE2\x96\x81";
/// The text with spaces for signs.
std::string with_spaces(std::string_view text);

/// All tokens, by id. Texts point into the metadata they were read from.
struct Vocabulary {
  std::vector<std::string_view> texts;
  std::vector<TokenKind> kinds;  ///< as many
  std::vector<double> scores;    ///< as many, or none

  std::size_t size() const { return texts.size(); }
  /// Searched in a text before all else: control tokens and those that the user defined.
  bool added(std::size_t id) const {
    return kinds[id] == TokenKind::Control || kinds[id] == TokenKind::UserDefined ||
           kinds[id] == TokenKind::Unknown;
  }
};

/// @returns CorruptData that names the key and the token: lists of different lengths, texts that
///          are no UTF-8, two tokens with one text.
Result<Vocabulary> read_vocabulary(const Metadata& metadata);

/// The token at `tokenizer.ggml.<name>_token_id`; nothing where there is none, or none of the
/// vocabulary.
std::optional<std::size_t> special_token(const Metadata& metadata, std::string_view name,
                                         const Vocabulary& vocabulary);

}  // namespace hearth::gguf
