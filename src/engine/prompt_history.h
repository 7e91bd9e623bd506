// Which prompts came lately, to tell why a new one was not found in the cache.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "engine/prefix_miss.h"
#include "engine/prefix_tree.h"
#include "engine/sequence.h"

namespace hearth::engine {

/// The tokens of the latest sequences. Finding the most similar one compares page hashes, so long
/// prompts cost little. Pure bookkeeping, one owner.
class PromptHistory {
 public:
  /// @param tree  knows how pages are hashed
  explicit PromptHistory(const PrefixTree& tree) : tree_(tree) {}

  /// What kept the sequence's prompt from being found beyond its first `cached` tokens.
  /// Text of an earlier prompt is told only to the client it came from.
  /// @param known  tokens whose keys and values the tree has (a recurrent model may lack the state)
  PrefixMiss explain(Sequence& sequence, std::uint32_t cached, std::uint32_t known) const;

  /// Remembers a sequence as it is now; one that is remembered already is brought up to date.
  void remember(Sequence& sequence);

 private:
  static constexpr std::size_t kPrompts = 64;
  static constexpr std::size_t kTokens = std::size_t{1} << 20;  ///< of all of them

  struct Entry {
    SequenceId id{};
    std::string salt;
    std::string client;
    std::vector<TokenId> tokens;
    std::vector<std::uint64_t> page_hashes;
  };
  struct Similar {
    const Entry* entry = nullptr;
    std::uint32_t tokens = 0;
  };
  Similar most_similar(Sequence& sequence) const;
  Similar other_salt(const Sequence& sequence) const;
  static PrefixMiss miss(PrefixRule rule, std::uint32_t position, const Sequence& sequence,
                         const Entry& earlier);
  static std::uint32_t common(const Entry& entry, Sequence& sequence);
  void make_room();

  const PrefixTree& tree_;
  std::deque<Entry> entries_;  // newest last
  std::size_t tokens_ = 0;
};

}  // namespace hearth::engine
