// Who holds which page, and which one goes when room is needed.
#include "engine/page_cache.h"

#include <algorithm>
#include <cassert>

namespace hearth::engine {

PageCache::PageCache(PageCacheOptions options)
    : options_(options), pool_(options.pages), tree_(options.hash) {
  reset();
}

void PageCache::reset() {
  pool_ = PagePool(options_.pages);
  tree_ = PrefixTree(options_.hash);
  windows_ = WindowPages(options_.windows);
  unheld_ = {};
  snapshots_ = {};
  owners_.assign(options_.states, kNoPage);
  free_states_.clear();
  for (std::uint32_t i = options_.states; i > 0; --i)
    free_states_.push_back(static_cast<StateId>(i - 1));
}

PrefixMatch PageCache::match(Sequence& sequence, std::uint32_t limit) const {
  if (!options_.share) return {};
  PrefixMatch match = tree_.match(sequence, limit, recurrent());
  if (windows_.on()) keep_windowed(match);
  return match;
}

// A token can come next where the pages hang, one behind the other, that its windows reach into.
void PageCache::keep_windowed(PrefixMatch& match) const {
  std::uint32_t hanging = 0;  // in a row, up to page n
  std::uint32_t usable = 0;
  for (std::uint32_t n = 1; n <= match.whole.size(); ++n) {
    const PageId page = match.whole[n - 1];
    hanging = windows_.hanging(page) == kNoPage ? 0 : hanging + 1;
    const bool stateful = !recurrent() || tree_.state(page) != kNoState;
    if (stateful && hanging >= n - windows_.first_read(n * kPageTokens)) usable = n;
  }
  if (usable < match.whole.size()) {
    match.whole.resize(usable);
    match.state = recurrent() && usable > 0 ? tree_.state(match.whole.back()) : kNoState;
    match.leave_part();
  }
  for (std::uint32_t i = windows_.first_read(match.whole_tokens()); i < usable; ++i)
    match.windows.push_back(windows_.hanging(match.whole[i]));
  if (match.part != kNoPage) match.part_window = windows_.hanging(match.part);
  if (match.part_window == kNoPage) match.leave_part();
}

std::span<const PageId> PageCache::windows_read(const PrefixMatch& match) const {
  const std::uint32_t behind =
      windows_.first_read(match.tokens()) - windows_.first_read(match.whole_tokens());
  return std::span(match.windows).subspan(std::min<std::size_t>(behind, match.windows.size()));
}

std::optional<PageId> PageCache::take() {
  if (pool_.free() == 0 && unheld_.size() > 0) {
    forget(unheld_.oldest());
    ++evictions_;
  }
  return pool_.take();
}

std::optional<PageId> PageCache::take_window() {
  if (windows_.free() == 0 && windows_.cached() > 0) {
    const PageId at = windows_.evict();
    ++evictions_;
    // A whole page serves longer matches; a part can be gone on from only where it ends.
    if (!tree_.whole(at)) forget(at);
  }
  return windows_.take();
}

void PageCache::forget(PageId page) {
  unheld_.remove(page);
  drop_snapshot(page);
  windows_.drop(page);
  tree_.remove(page);
  pool_.give_back(page);
}

void PageCache::hold(PageId page) {
  if (!held(page)) unheld_.remove(page);
  pool_.hold(page);
  // A snapshot is as fresh as its page.
  const StateId state = tree_.contains(page) ? tree_.state(page) : kNoState;
  if (state == kNoState) return;
  snapshots_.remove(state);
  snapshots_.push(state);
}

void PageCache::release(PageId page) {
  if (!pool_.release(page)) return;
  if (tree_.contains(page))
    unheld_.push(page);
  else
    pool_.give_back(page);
}

bool PageCache::publish(Sequence& sequence, std::size_t index) {
  if (!options_.share) return false;
  const PageId own = sequence.pages()[index];
  const PageId shared = tree_.add(sequence, index);
  if (shared == kNoPage) return false;
  if (shared != own) {
    hold(shared);
    sequence.replace_page(index, shared);
    release(own);
  }
  if (windows_.on()) share_window(sequence, index);
  return true;
}

// The page of the tree may have lost its window page since it was computed: then it gets this one.
void PageCache::share_window(Sequence& sequence, std::size_t index) {
  const PageId at = sequence.pages()[index];
  const PageId own = sequence.windows().at(index);
  const PageId shared = windows_.hanging(at);
  if (own == kNoPage || shared == own) return;
  if (shared == kNoPage) return windows_.hang(own, at);
  windows_.hold(shared);
  sequence.windows().replace(index, shared);
  windows_.release(own);
}

void PageCache::retire(Sequence& sequence) {
  const std::size_t open = sequence.computed() / kPageTokens;
  keep_part(sequence, open);
  const std::vector<PageId> pages = sequence.take_pages();
  for (auto page = pages.rbegin(); page != pages.rend(); ++page) release(*page);
  const std::vector<PageId> windows = sequence.windows().take();
  for (auto page = windows.rbegin(); page != windows.rend(); ++page) windows_.release(*page);
  if (sequence.state() == kNoState) return;
  give_back_state(sequence.state());
  sequence.set_state(kNoState);
}

bool PageCache::keep_part(Sequence& sequence, std::size_t index) {
  const std::uint32_t filled = sequence.computed() % kPageTokens;
  const bool useful = options_.share && !recurrent() && filled > 0;
  if (!useful || (index > 0 && !tree_.contains(sequence.pages()[index - 1]))) return false;
  if (!tree_.add_part(sequence, index, filled)) return false;
  if (windows_.on()) windows_.hang(sequence.windows().at(index), sequence.pages()[index]);
  return true;
}

std::optional<StateId> PageCache::take_state() {
  if (free_states_.empty() && snapshots_.size() > 0)
    drop_snapshot(owners_[static_cast<std::size_t>(snapshots_.oldest())]);
  if (free_states_.empty()) return std::nullopt;
  const StateId state = free_states_.back();
  free_states_.pop_back();
  return state;
}

void PageCache::give_back_state(StateId state) {
  free_states_.push_back(state);
}

bool PageCache::has_snapshot(PageId page) const {
  return tree_.contains(page) && tree_.state(page) != kNoState;
}

std::optional<StateId> PageCache::add_snapshot(PageId page) {
  assert(tree_.contains(page) && tree_.state(page) == kNoState);
  const auto state = take_state();
  if (!state) return std::nullopt;
  tree_.set_state(page, *state);
  owners_[static_cast<std::size_t>(*state)] = page;
  snapshots_.push(*state);
  return state;
}

void PageCache::drop_snapshot(PageId page) {
  if (!has_snapshot(page)) return;
  const StateId state = tree_.state(page);
  tree_.set_state(page, kNoState);
  owners_[static_cast<std::size_t>(state)] = kNoPage;
  snapshots_.remove(state);
  free_states_.push_back(state);
}

PageCacheStats PageCache::stats() const {
  return {.cached = unheld_.size(),
          .free = pool_.free(),
          .evictions = evictions_,
          .states_kept = snapshots_.size(),
          .states_free = static_cast<std::uint32_t>(free_states_.size())};
}

void PageCache::check_integrity() const {
  tree_.check_integrity();
  windows_.check_integrity();
  std::uint32_t unheld = 0;
  std::uint32_t out = 0;
  for (std::uint32_t i = 0; i < pool_.total(); ++i) {
    const auto page = static_cast<PageId>(i);
    const bool kept = tree_.contains(page);
    assert(unheld_.contains(page) == (kept && !held(page)));
    unheld += unheld_.contains(page) ? 1 : 0;
    out += kept || held(page) ? 1 : 0;
    const PageId window = windows_.hanging(page);
    assert(window == kNoPage || (kept && (held(page) || !windows_.held(window))));
    assert(!kept || !windows_.on() || tree_.whole(page) || window != kNoPage);
    static_cast<void>(window);
    assert(!kept || tree_.state(page) == kNoState ||
           owners_[static_cast<std::size_t>(tree_.state(page))] == page);
  }
  assert(unheld == unheld_.size() && out == pool_.out());
  assert(free_states_.size() + snapshots_.size() <= options_.states);
  static_cast<void>(unheld);
  static_cast<void>(out);
}

}  // namespace hearth::engine
