// The pages of the KV cache with what they keep: held by running sequences, or kept for later ones.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/lru_list.h"
#include "engine/page_pool.h"
#include "engine/prefix_tree.h"
#include "engine/sequence.h"
#include "engine/window_pages.h"

namespace hearth::engine {

struct PageCacheOptions {
  std::uint32_t pages = 0;
  std::uint32_t states = 0;  ///< slots for recurrent states; 0: the model keeps none
  WindowOptions windows = {};
  bool share = true;  ///< keep what was computed for later sequences
  HashTokens hash = hash_tokens;
};

struct PageCacheStats {
  std::uint32_t cached = 0;  ///< pages that nobody holds, kept for later
  std::uint32_t free = 0;
  std::uint64_t evictions = 0;    ///< of pages, with a window or without
  std::uint32_t states_kept = 0;  ///< snapshots
  std::uint32_t states_free = 0;
};

/// Page numbers with holders and a memory: a page that nobody holds any more stays in the prefix
/// tree until its place is needed, least recently used first, leaves before what they stand on.
/// A sequence lets go of its last page first, so a page is never older than its children. Recurrent
/// states live in slots beside the pages: one per running sequence, and snapshots that belong to
/// the end of a page. Layers with a window may have pages of their own, which hang at pages of the
/// tree (WindowPages). All verbs are O(1) but those that look at tokens.
///
/// Pure bookkeeping: no arrays, no clock, no locks. One owner.
class PageCache {
 public:
  explicit PageCache(PageCacheOptions options);

  /// What of the sequence's first `limit` tokens need not be computed: what the tree knows, up to
  /// where all is there that the next token reads. Holds nothing.
  PrefixMatch match(Sequence& sequence, std::uint32_t limit) const;

  /// A page with one holder: a free one, or the one that was not used for longest. Nothing when
  /// every page is held.
  std::optional<PageId> take();
  void hold(PageId page);
  void release(PageId page);
  bool held(PageId page) const { return pool_.references(page) > 0; }
  std::uint32_t holders(PageId page) const { return pool_.references(page); }

  /// Lets others share page `index` of the sequence, which is whole and computed. Where the same
  /// tokens lie in a page already the sequence gets that one instead.
  /// @returns whether the page after it may be published in its turn.
  bool publish(Sequence& sequence, std::size_t index);

  /// take() for layers with a window.
  std::optional<PageId> take_window();
  WindowPages& windows() { return windows_; }
  const WindowPages& windows() const { return windows_; }
  /// Of a match's window pages those that its next token reads.
  std::span<const PageId> windows_read(const PrefixMatch& match) const;

  /// Ends the sequence's hold on all its pages and its state; what is computed stays for later.
  void retire(Sequence& sequence);

  /// A slot for a state: a free one, or the oldest snapshot's. Nothing when all are in use.
  std::optional<StateId> take_state();
  void give_back_state(StateId state);
  /// A slot for a snapshot after this page, which is in the tree and has none. Nothing where no
  /// slot can be had.
  std::optional<StateId> add_snapshot(PageId page);
  bool has_snapshot(PageId page) const;
  /// Gives up the snapshot after a page, if it has one.
  void drop_snapshot(PageId page);
  bool recurrent() const { return options_.states > 0; }

  /// Forgets everything; nobody holds anything any more.
  void reset();

  /// Pages that take() can give.
  std::uint32_t available() const { return pool_.free() + unheld_.size(); }
  /// Slots that take_state() can give.
  std::uint32_t states_available() const {
    return static_cast<std::uint32_t>(free_states_.size()) + snapshots_.size();
  }
  std::uint32_t total() const { return pool_.total(); }
  /// Pages that somebody holds.
  std::uint32_t used() const { return pool_.out() - unheld_.size(); }
  const PrefixTree& tree() const { return tree_; }
  const PageCacheOptions& options() const { return options_; }
  PageCacheStats stats() const;

  void check_integrity() const;

 private:
  bool keep_part(Sequence& sequence, std::size_t index);
  void keep_windowed(PrefixMatch& match) const;
  void share_window(Sequence& sequence, std::size_t index);
  void forget(PageId page);

  PageCacheOptions options_;
  PagePool pool_;
  PrefixTree tree_;
  WindowPages windows_;
  LruList unheld_;              // pages of the tree that nobody holds
  LruList snapshots_;           // slots of snapshots
  std::vector<PageId> owners_;  // of snapshots, by slot
  std::vector<StateId> free_states_;
  std::uint64_t evictions_ = 0;
};

}  // namespace hearth::engine
