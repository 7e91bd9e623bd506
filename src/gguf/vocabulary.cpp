// Reads tokens, kinds and scores.
#include "gguf/vocabulary.h"

#include <fmt/format.h>
#include <unordered_map>

#include "base/utf8.h"
#include "gguf/keys.h"

namespace hearth::gguf {

namespace {

constexpr std::string_view kTokens = "tokenizer.ggml.tokens";
constexpr std::string_view kTokenKinds = "tokenizer.ggml.token_type";
constexpr std::string_view kScores = "tokenizer.ggml.scores";

Result<void> check_texts(const Vocabulary& vocabulary) {
  std::unordered_map<std::string_view, std::size_t> ids;
  for (std::size_t id = 0; id < vocabulary.size(); ++id) {
    const std::string_view text = vocabulary.texts[id];
    if (vocabulary.kinds[id] == TokenKind::Unused) continue;
    if (text.empty() || !base::is_utf8(text))
      return fail(ErrorCode::CorruptData, "metadata \"{}\": token {} is {}", kTokens, id,
                  text.empty() ? "empty" : "no UTF-8");
    const auto [other, fresh] = ids.try_emplace(text, id);
    if (!fresh)
      return fail(ErrorCode::UnsupportedArgument,
                  "metadata \"{}\": tokens {} and {} are both \"{}\", which tokenizer.json cannot "
                  "tell apart",
                  kTokens, other->second, id, text);
  }
  return {};
}

}  // namespace

std::string with_spaces(std::string_view text) {
  std::string spaced(text);
  for (std::size_t at = spaced.find(kSpaceSign); at != spaced.npos;
       at = spaced.find(kSpaceSign, at))
    spaced.replace(at, kSpaceSign.size(), " ");
  return spaced;
}

Result<Vocabulary> read_vocabulary(const Metadata& metadata) {
  const Keys keys(metadata);
  Vocabulary vocabulary{.texts = TRY(keys.texts(kTokens)), .kinds = {}, .scores = {}};
  vocabulary.kinds.assign(vocabulary.size(), TokenKind::Normal);
  const std::vector<double> kinds = TRY(keys.numbers(kTokenKinds));
  vocabulary.scores = TRY(keys.numbers(kScores));
  for (const auto& [key, size] :
       {std::pair(kTokenKinds, kinds.size()), std::pair(kScores, vocabulary.scores.size())})
    if (size != 0 && size != vocabulary.size())
      return fail(ErrorCode::CorruptData, "metadata \"{}\" has {} entries for {} tokens", key, size,
                  vocabulary.size());
  for (std::size_t id = 0; id < kinds.size(); ++id) {
    if (!(kinds[id] >= 1 && kinds[id] <= 6))
      return fail(ErrorCode::CorruptData, "metadata \"{}\": token {} is of the unknown kind {}",
                  kTokenKinds, id, kinds[id]);
    vocabulary.kinds[id] = static_cast<TokenKind>(kinds[id]);
  }
  TRY(check_texts(vocabulary));
  return vocabulary;
}

std::optional<std::size_t> special_token(const Metadata& metadata, std::string_view name,
                                         const Vocabulary& vocabulary) {
  const Value* value = find(metadata, fmt::format("tokenizer.ggml.{}_token_id", name));
  const auto id = value ? value->whole() : std::nullopt;
  if (!id || *id < 0 || std::cmp_greater_equal(*id, vocabulary.size())) return {};
  return static_cast<std::size_t>(*id);
}

}  // namespace hearth::gguf
