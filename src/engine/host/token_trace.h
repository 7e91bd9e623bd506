// Which sampled tokens a piece of text stands for, and with what chances.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/chances.h"
#include "engine/engine.h"
#include "text/tokenizer.h"

namespace hearth::engine {

/// Follows tokens through decoder, reasoning splitter and stop strings, each of which may hold text
/// back or swallow it, and reports each token together with its last bit of text. Owner: one reply.
///
/// Per token: add() when it is drawn; decoded() with what the decoder gave; place() for what of it
/// turned out to be content or reasoning; take() with what was given to the reader.
class TokenTrace {
 public:
  explicit TokenTrace(std::shared_ptr<const text::Tokenizer> tokenizer)
      : tokenizer_(std::move(tokenizer)) {}

  /// What a token is to the text.
  enum class Width {
    Text,    ///< its bytes
    None,    ///< nothing: it is not reported
    Marked,  ///< nothing, but it is reported: a control token of an echoed prompt
  };
  void add(TokenId token, const std::optional<RowChances>& chances, Width width);
  /// The decoder gave so many bytes for all tokens that were waiting for it.
  void decoded(std::size_t bytes);
  /// How many bytes decoded() was told of.
  std::size_t decoded_bytes() const { return decoded_; }
  /// Says what the decoded bytes from `begin` on are. In order; bytes in between were swallowed.
  void place(TextDelta::Kind kind, std::size_t begin, std::string_view text);

  /// The reports of all tokens whose text is out.
  /// @param given  bytes of content that the reader has got so far
  /// @param last   nothing more comes: a token that was cut counts as well
  std::vector<TokenReport> take(std::size_t given, bool last);

 private:
  struct Entry {
    TokenReport report;
    Width width = Width::Text;
    bool decoded = false;
    std::optional<TextDelta::Kind> kind = {};
    std::size_t begin = 0;  // in the decoded text
    std::size_t end = 0;
    std::size_t content_begin = 0;  // in the content, for content
    std::size_t content_end = 0;
  };
  /// What has been placed of one kind.
  struct Extent {
    std::size_t bytes = 0;
    std::uint32_t characters = 0;
  };
  std::string bytes_of(TokenId token) const;
  void place(Entry& entry, TextDelta::Kind kind, std::size_t begin, std::string_view text);

  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::deque<Entry> entries_;
  std::size_t decoded_ = 0;
  Extent content_;
  Extent reasoning_;
};

}  // namespace hearth::engine
