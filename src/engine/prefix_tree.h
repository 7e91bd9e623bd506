// Which pages hold the beginning of a row of tokens.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/page_pool.h"
#include "engine/sequence.h"

namespace hearth::engine {

/// A hash of `tokens` after whatever `before` stands for.
using HashTokens = std::uint64_t (*)(std::uint64_t before, std::span<const TokenId> tokens);
std::uint64_t hash_tokens(std::uint64_t before, std::span<const TokenId> tokens);

/// What the tree knows of a row of tokens.
struct PrefixMatch {
  std::vector<PageId> whole;  ///< pages that hold its beginning
  PageId part = kNoPage;      ///< a page whose first `part_tokens` tokens come next
  std::uint32_t part_tokens = 0;
  StateId state = kNoState;       ///< the recurrent state after the whole pages
  std::uint32_t pages_known = 0;  ///< whole pages, states and window pages or not
  /// Window pages of the last whole pages, as far as the token behind them reads; and of `part`.
  std::vector<PageId> windows = {};
  PageId part_window = kNoPage;

  std::uint32_t whole_tokens() const {
    return static_cast<std::uint32_t>(whole.size()) * kPageTokens;
  }
  std::uint32_t tokens() const { return whole_tokens() + part_tokens; }
  void leave_part() {
    part = part_window = kNoPage;
    part_tokens = 0;
  }
};

/// Whole pages, each a child of the page before it, under one root per salt; and as leaves pages
/// that were filled in part. A page is found by the hash of its tokens chained with its parent's,
/// and believed only when tokens and parent are equal: two texts with one hash never mix.
///
/// Pure bookkeeping over page numbers; who holds pages is the page cache's business. One owner.
class PrefixTree {
 public:
  explicit PrefixTree(HashTokens hash = hash_tokens) : hash_(hash) {}

  /// The longest beginning of at most `limit` tokens of the sequence that lies in pages.
  PrefixMatch match(Sequence& sequence, std::uint32_t limit, bool with_states) const;

  /// Makes a whole page of the sequence's table known; the one before it must be.
  /// @returns the page that holds these tokens from now on: `index`'s own, or one that was here
  ///          before; kNoPage where it cannot be shared (another text has its hash).
  PageId add(Sequence& sequence, std::size_t index);

  /// Makes a page known that holds the first `filled` tokens of page `index`; nobody may write it
  /// any more. False where another leaf here says as much already.
  bool add_part(const Sequence& sequence, std::size_t index, std::uint32_t filled);

  /// Forgets a page without children.
  void remove(PageId page);

  bool contains(PageId page) const;
  /// Whether a page that is here holds as many tokens as it can.
  bool whole(PageId page) const { return node(page).filled == kPageTokens; }
  std::uint32_t pages() const { return pages_; }

  /// The snapshot that belongs to the end of a page that is here; kNoState for none.
  StateId state(PageId page) const { return node(page).state; }
  void set_state(PageId page, StateId state) { node(page).state = state; }

  /// The hash of whole page `index` of a sequence, chained from its salt on.
  std::uint64_t page_hash(Sequence& sequence, std::size_t index) const;

  /// Asserts that links, hashes and counts agree. For tests.
  void check_integrity() const;

 private:
  /// Where a child hangs: a page number, or -2 and below for a root.
  using Parent = std::int32_t;
  static constexpr Parent kNobody = -1;
  /// Children of one parent that are compared token by token, newest first.
  static constexpr int kCompared = 64;

  struct Node {
    bool in = false;
    std::uint32_t filled = 0;
    std::uint64_t hash = 0;
    Parent parent = kNobody;
    std::uint32_t children = 0;
    PageId first_child = kNoPage;
    PageId before = kNoPage;
    PageId after = kNoPage;
    StateId state = kNoState;
    std::array<TokenId, kPageTokens> tokens{};
  };
  struct Root {
    std::string salt;
    PageId first_child = kNoPage;
    std::uint32_t children = 0;
  };

  Node& node(PageId page) { return nodes_[static_cast<std::size_t>(page)]; }
  const Node& node(PageId page) const { return nodes_[static_cast<std::size_t>(page)]; }
  static std::size_t root_index(Parent parent) { return static_cast<std::size_t>(-2 - parent); }
  PageId first_child(Parent parent) const;
  Parent find_root(const std::string& salt) const;
  Parent make_root(const std::string& salt);
  void drop_root(Parent root);
  Parent parent_of(const Sequence& sequence, std::size_t index);
  PageId find(std::uint64_t hash, Parent parent, std::span<const TokenId> tokens) const;
  void insert(PageId page, Parent parent, std::uint64_t hash, std::span<const TokenId> tokens);
  void match_part(Sequence& sequence, Parent parent, std::uint32_t limit, PrefixMatch& match) const;
  void link(PageId page, Parent parent);
  void unlink(PageId page);

  HashTokens hash_;
  std::vector<Node> nodes_;  // by page number
  std::vector<Root> roots_;
  std::vector<std::size_t> free_roots_;
  std::unordered_map<std::string, std::size_t> root_numbers_;
  std::unordered_map<std::uint64_t, PageId> index_;  // whole pages
  std::uint32_t pages_ = 0;
};

/// How many tokens two rows have in common from their start.
std::uint32_t common_tokens(std::span<const TokenId> a, std::span<const TokenId> b);

}  // namespace hearth::engine
