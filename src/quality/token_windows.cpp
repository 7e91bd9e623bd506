// Encodes a text and cuts it.
#include "quality/token_windows.h"

#include <algorithm>

namespace hearth::quality {

namespace {

/// The token that texts begin with, if the tokenizer puts one there by itself.
Result<std::vector<std::int32_t>> beginning(const text::Tokenizer& tokenizer) {
  const auto bos = tokenizer.special_id("bos_token");
  const auto framed = TRY(tokenizer.encode("a", text::AddSpecialTokens::Yes));
  if (!bos || framed.empty() || framed.front() != *bos) return std::vector<std::int32_t>{};
  return std::vector<std::int32_t>{static_cast<std::int32_t>(*bos)};
}

}  // namespace

std::int64_t TokenWindows::rows() const {
  std::int64_t sum = 0;
  for (const auto& window : windows) sum += static_cast<std::int64_t>(window.size());
  return sum;
}

Result<TokenWindows> cut_into_windows(const text::Tokenizer& tokenizer, std::string_view text,
                                      const WindowOptions& options) {
  if (options.window < 2)
    return fail(ErrorCode::InvalidArgument, "a window of {} tokens predicts none; 2 or more do",
                options.window);
  const auto ids = TRY(tokenizer.encode(text, text::AddSpecialTokens::No));
  const auto begin = TRY(beginning(tokenizer));
  TokenWindows result{.windows = {}, .tokens = 0, .of = static_cast<std::int64_t>(ids.size())};
  const std::size_t wanted = options.tokens > 0
                                 ? std::min(ids.size(), static_cast<std::size_t>(options.tokens))
                                 : ids.size();
  if (wanted < 2)
    return fail(ErrorCode::InvalidArgument,
                "the text has {} tokens; at least 2 are needed, and some thousand for figures that "
                "mean something",
                wanted);
  const std::size_t room = static_cast<std::size_t>(options.window) - begin.size();
  for (std::size_t at = 0; at < wanted; at += room) {
    const std::size_t count = std::min(room, wanted - at);
    if (count + begin.size() < 2) break;  // a last token alone: nothing comes before it
    std::vector<std::int32_t> window = begin;
    for (std::size_t i = at; i < at + count; ++i)
      window.push_back(static_cast<std::int32_t>(ids[i]));
    result.windows.push_back(std::move(window));
    result.tokens += static_cast<std::int64_t>(count);
  }
  return result;
}

Result<void> check_same_vocabulary(const text::Tokenizer& a, const text::Tokenizer& b) {
  if (a.vocab_size() != b.vocab_size())
    return fail(ErrorCode::InvalidArgument,
                "the models have different vocabularies ({} tokens and {}), so their predictions "
                "cannot be compared",
                a.vocab_size(), b.vocab_size());
  for (text::TokenId id = 0; id < a.vocab_size(); ++id)
    if (a.token_text(id) != b.token_text(id))
      return fail(ErrorCode::InvalidArgument,
                  "the models have different vocabularies (token {} is \"{}\" in one and \"{}\" in "
                  "the other), so their predictions cannot be compared",
                  id, a.token_text(id), b.token_text(id));
  return {};
}

}  // namespace hearth::quality
