// Which parts of a prompt were encoded before?
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "text/pattern_set.h"
#include "text/token_id.h"
#include "text/vocabulary.h"

namespace hearth::text {

/// Ids of the pieces of text that lie between added tokens. A conversation that is sent again
/// with one more message costs only the new message. Least recently used pieces go first.
/// Any thread may use it.
class PieceCache {
 public:
  /// What a text falls into: an added token, or a piece of text to encode.
  struct Part {
    std::string_view text;
    std::optional<TokenId> token;
  };

  /// @param max_bytes  bound on the texts and ids that are kept
  PieceCache(const Vocabulary& vocabulary, std::size_t max_bytes);

  /// Whether piece by piece gives the ids of the whole: not where an added token eats spaces or
  /// looks at its neighbours, nor where only the first piece gets a leading space.
  static bool is_exact(const Vocabulary& vocabulary, const json::object& about);

  /// Cuts a text at its added tokens.
  std::vector<Part> split(std::string_view text) const;

  std::optional<std::vector<TokenId>> find(std::string_view piece);
  void keep(std::string_view piece, const std::vector<TokenId>& ids);
  std::size_t bytes() const;

 private:
  struct Entry {
    std::string piece;
    std::vector<TokenId> ids;
    std::size_t bytes() const;
  };
  std::vector<TokenId> tokens_;  ///< by pattern number
  PatternSet patterns_;
  std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;     ///< guarded by mutex_
  std::list<Entry> entries_;  ///< most recently used first; guarded by mutex_
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;  ///< guarded by mutex_
};

}  // namespace hearth::text
