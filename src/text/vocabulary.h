// What does each token of a model stand for?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/token_id.h"

namespace hearth::text {

/// How tokens become text.
enum class DecoderKind {
  ByteLevel,      ///< each character of a token stands for one byte (GPT-2's map)
  SentencePiece,  ///< U+2581 is a space, <0xNN> a byte
  Other,          ///< anything else: the tokenizers crate decodes
};

/// Whether control tokens are left out of decoded text.
enum class SkipSpecial : bool { No, Yes };

/// A token that is searched in the text before it is split into pieces.
struct AddedToken {
  TokenId id = 0;
  std::string text;
  bool special = false;
  bool lstrip = false;
  bool rstrip = false;
  bool single_word = false;
  bool normalized = false;
};

/// All tokens of a model, with their bytes in decoded text. Immutable.
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;
  /// @param listing  what hearth_tokenizer_vocabulary gives
  /// @param about    what hearth_tokenizer_describe gives
  static Result<Vocabulary> read(std::string_view listing, const json::object& about);

  std::uint32_t size() const { return static_cast<std::uint32_t>(tokens_.size()); }
  std::optional<TokenId> find(std::string_view token) const;
  std::string_view text(TokenId id) const;
  /// What the token adds to a text, before the rules of the sequence's start; may be half a
  /// character. Empty for ids without a token. Only for ByteLevel and SentencePiece.
  std::string_view bytes(TokenId id) const;
  /// SentencePiece: the token is <0xNN>, one byte of a character.
  bool is_byte(TokenId id) const;
  bool is_special(TokenId id) const;
  bool contains(TokenId id) const;

  DecoderKind decoder() const { return decoder_; }
  /// SentencePiece: how many spaces at the start of a sequence are dropped.
  int dropped_spaces() const { return dropped_spaces_; }
  const std::vector<AddedToken>& added() const { return added_; }

 private:
  struct Token {
    std::string text;
    std::string bytes;
    bool present = false;
    bool byte = false;
    bool special = false;
  };
  const Token* at(TokenId id) const;
  void read_decoder(const json::value& decoder);
  void fill_bytes();
  void fill_ids();

  std::vector<Token> tokens_;
  std::unordered_map<std::string_view, TokenId> ids_;  ///< keys point into tokens_
  std::vector<AddedToken> added_;
  DecoderKind decoder_ = DecoderKind::Other;
  int dropped_spaces_ = 0;
};

}  // namespace hearth::text
