// The pages of layers with a window: who holds them, and which part of a text they belong to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/lru_list.h"
#include "engine/page_pool.h"

namespace hearth::engine {

struct WindowOptions {
  std::uint32_t pages = 0;  ///< 0: no layer has a window, or one page table serves all layers
  /// A step that computes a token reads it and the `tokens - 1` before it; at least 1.
  std::uint32_t tokens = 1;
};

/// The most pages that hold `tokens` tokens in a row, wherever the first one lies in its page.
constexpr std::uint32_t pages_across(std::uint64_t tokens) {
  return tokens == 0 ? 0 : pages_for(tokens - 1) + 1;
}

/// Page numbers of a pool of their own, with holders. A page that is computed hangs at the page of
/// the prefix tree that holds the same tokens, and stays there when nobody holds it any more until
/// its place is needed. Whoever holds it holds that page of the tree too.
///
/// Pure bookkeeping: no arrays, no clock, no locks. One owner, the page cache.
class WindowPages {
 public:
  explicit WindowPages(WindowOptions options = {});

  bool on() const { return pool_.total() > 0; }

  /// Index of the first page that is read when token number `computed` is.
  std::uint32_t first_read(std::uint32_t computed) const {
    return computed < options_.tokens ? 0 : (computed - options_.tokens + 1) / kPageTokens;
  }
  /// Pages that a sequence holds at once, at most, where a step computes up to `step` of its
  /// tokens.
  std::uint32_t most_held(std::uint32_t step) const {
    return pages_across(std::uint64_t{options_.tokens} + step - 1);
  }

  /// A free page with one holder; nothing where there is none.
  std::optional<PageId> take() { return pool_.take(); }
  void hold(PageId page);

  /// How long a page stays that nobody holds any more and that hangs somewhere.
  enum class Keep {
    Long,  ///< the least recently used go first
    Short  ///< goes before all of those, the latest first: so beginnings of texts stay longer
  };
  /// One holder less. @returns whether that was the last one.
  bool release(PageId page, Keep keep = Keep::Long);
  bool held(PageId page) const { return pool_.references(page) > 0; }
  std::uint32_t holders(PageId page) const { return pool_.references(page); }

  /// Hangs a page that somebody holds at a page of the tree, where none hangs.
  void hang(PageId page, PageId at);
  /// What hangs at a page of the tree, or kNoPage.
  PageId hanging(PageId at) const;
  /// Frees what hangs at a page of the tree that nobody holds.
  void drop(PageId at);
  /// Frees the page whose turn it is of those that nobody holds; there is one.
  /// @returns where it hung.
  PageId evict();

  /// Pages that a sequence can get: free ones, and those that evict() frees.
  std::uint32_t available() const { return pool_.free() + unheld_.size(); }
  std::uint32_t free() const { return pool_.free(); }
  std::uint32_t cached() const { return unheld_.size(); }
  std::uint32_t used() const { return pool_.out() - unheld_.size(); }
  std::uint32_t total() const { return pool_.total(); }

  void check_integrity() const;

 private:
  bool hangs(PageId page) const;

  WindowOptions options_;
  PagePool pool_;
  LruList unheld_;               // that hang and are held by nobody
  std::vector<PageId> hanging_;  // by page of the tree
  std::vector<PageId> where_;    // by page: the page of the tree where it hangs
};

}  // namespace hearth::engine
