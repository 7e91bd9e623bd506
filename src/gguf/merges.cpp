// Reads merges, or finds them by the tokens' scores.
#include "gguf/merges.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "base/utf8.h"
#include "gguf/keys.h"

namespace hearth::gguf {

namespace {

constexpr std::string_view kMerges = "tokenizer.ggml.merges";

using Texts = std::unordered_set<std::string_view>;

Texts mergeable(const Vocabulary& vocabulary) {
  Texts texts;
  for (std::size_t id = 0; id < vocabulary.size(); ++id)
    if (vocabulary.kinds[id] != TokenKind::Unused) texts.insert(vocabulary.texts[id]);
  return texts;
}

/// Pieces that SentencePiece puts together or takes apart: ordinary ones.
Texts ordinary(const Vocabulary& vocabulary) {
  Texts texts;
  for (std::size_t id = 0; id < vocabulary.size(); ++id)
    if (vocabulary.kinds[id] == TokenKind::Normal) texts.insert(vocabulary.texts[id]);
  return texts;
}

/// One way to put a piece together.
struct PiecePair {
  double score = 0.0;
  std::string_view piece;
  std::size_t left = 0;  ///< bytes
};

std::vector<PiecePair> pairs_of(const Vocabulary& vocabulary) {
  const Texts texts = ordinary(vocabulary);
  std::vector<PiecePair> pairs;
  for (std::size_t id = 0; id < vocabulary.size(); ++id) {
    if (vocabulary.kinds[id] != TokenKind::Normal) continue;
    const std::string_view piece = vocabulary.texts[id];
    for (std::size_t at = base::first_character(piece).bytes; at < piece.size();
         at += base::first_character(piece.substr(at)).bytes)
      if (texts.contains(piece.substr(0, at)) && texts.contains(piece.substr(at)))
        pairs.push_back({vocabulary.scores[id], piece, at});
  }
  return pairs;
}

}  // namespace

Result<Merges> read_merges(const Metadata& metadata, const Vocabulary& vocabulary) {
  const auto lines = TRY(Keys(metadata).texts(kMerges));
  const Texts texts = mergeable(vocabulary);
  Merges merges;
  merges.reserve(lines.size());
  for (const std::string_view line : lines) {
    const std::size_t space = line.find(' ', 1);
    const std::string_view left = line.substr(0, space);
    const std::string_view right = space == line.npos ? "" : line.substr(space + 1);
    const std::string whole = std::string(left) + std::string(right);
    if (right.empty() || !texts.contains(left) || !texts.contains(right) || !texts.contains(whole))
      return fail(ErrorCode::CorruptData,
                  "metadata \"{}\": entry {} does not make one token of two others", kMerges,
                  merges.size());
    merges.emplace_back(left, right);
  }
  return merges;
}

Result<Merges> merges_by_score(const Vocabulary& vocabulary) {
  if (vocabulary.scores.empty())
    return fail(ErrorCode::CorruptData, "metadata \"tokenizer.ggml.scores\" is missing");
  std::vector<PiecePair> pairs = pairs_of(vocabulary);
  std::ranges::sort(pairs, [](const PiecePair& a, const PiecePair& b) {
    return std::tuple(-a.score, a.piece, b.left) < std::tuple(-b.score, b.piece, a.left);
  });
  Merges merges;
  merges.reserve(pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const PiecePair& pair = pairs[i];
    if (i > 0 && pairs[i - 1].score == pair.score && pairs[i - 1].piece != pair.piece)
      return fail(ErrorCode::UnsupportedArgument,
                  "metadata \"tokenizer.ggml.scores\": \"{}\" and \"{}\" have the same score, so "
                  "it is not known which is put together first, and tokenizer.json cannot be made",
                  pairs[i - 1].piece, pair.piece);
    merges.emplace_back(pair.piece.substr(0, pair.left), pair.piece.substr(pair.left));
  }
  return merges;
}

}  // namespace hearth::gguf
