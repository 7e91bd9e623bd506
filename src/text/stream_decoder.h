// How do token ids become text one by one, without ever showing half a character?
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/bridge_handle.h"
#include "text/tokenizer.h"

namespace hearth::text {

/// Decodes one sequence. What push() has given so far is at every token what the DecodeStream of
/// the tokenizers crate gives: text that ends in an unfinished or invalid character waits for more.
/// With finish() it is the decoding of the whole, U+FFFD for every invalid part.
///
/// Owner: one sequence, one thread at a time. No allocation per token once warm.
class StreamDecoder {
 public:
  /// @param shown  control tokens that are text all the same (reasoning markers), with
  /// SkipSpecial::Yes
  StreamDecoder(std::shared_ptr<const Tokenizer> tokenizer, SkipSpecial skip,
                std::vector<TokenId> shown = {});

  /// Adds a token. The view holds the text that became certain, often none; valid until the next
  /// call.
  std::string_view push(TokenId id);

  /// The sequence ends: what was held back. The decoder is then as new.
  std::string_view finish();

  /// Whether the token is a control token that adds nothing to the text.
  bool is_hidden(TokenId id) const;

 private:
  void add_piece(TokenId id);
  void end_byte_run();
  void append_text(std::string_view text);
  std::string_view release(bool everything);
  std::string_view push_to_bridge(TokenId id);
  void open_bridge_stream();

  std::shared_ptr<const Tokenizer> tokenizer_;
  DecoderKind kind_;
  SkipSpecial skip_;
  std::vector<TokenId> shown_;
  int spaces_to_drop_ = 0;
  std::string held_;   ///< bytes (ByteLevel) or text (SentencePiece) that is not certain yet
  std::string run_;    ///< SentencePiece: the bytes of the current run of <0xNN> tokens
  std::string given_;  ///< what the last call returned
  BridgeHandle<hearth_stream> stream_;  ///< DecoderKind::Other only
};

}  // namespace hearth::text
