// Who holds which page, and which one goes when room is needed.
#include "engine/page_cache.h"

#include <cassert>

namespace hearth::engine {

PageCache::PageCache(PageCacheOptions options)
    : options_(options), pool_(options.pages), tree_(options.hash) {
  reset();
}

void PageCache::reset() {
  pool_ = PagePool(options_.pages);
  tree_ = PrefixTree(options_.hash);
  unheld_ = {};
  snapshots_ = {};
  owners_.assign(options_.states, kNoPage);
  free_states_.clear();
  for (std::uint32_t i = options_.states; i > 0; --i)
    free_states_.push_back(static_cast<StateId>(i - 1));
}

PrefixMatch PageCache::match(Sequence& sequence, std::uint32_t limit) const {
  if (!options_.share) return {};
  return tree_.match(sequence, limit, recurrent());
}

std::optional<PageId> PageCache::take() {
  if (pool_.free() == 0 && unheld_.size() > 0) evict_oldest();
  return pool_.take();
}

void PageCache::evict_oldest() {
  const PageId page = unheld_.oldest();
  unheld_.remove(page);
  drop_snapshot(page);
  tree_.remove(page);
  pool_.give_back(page);
  ++evictions_;
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
  if (shared == own) return true;
  hold(shared);
  sequence.replace_page(index, shared);
  release(own);
  return true;
}

void PageCache::retire(Sequence& sequence) {
  const std::size_t open = sequence.computed() / kPageTokens;
  keep_part(sequence, open);
  const std::vector<PageId> pages = sequence.take_pages();
  for (auto page = pages.rbegin(); page != pages.rend(); ++page) release(*page);
  if (sequence.state() == kNoState) return;
  give_back_state(sequence.state());
  sequence.set_state(kNoState);
}

bool PageCache::keep_part(Sequence& sequence, std::size_t index) {
  const std::uint32_t filled = sequence.computed() % kPageTokens;
  const bool useful = options_.share && !recurrent() && filled > 0;
  if (!useful || (index > 0 && !tree_.contains(sequence.pages()[index - 1]))) return false;
  return tree_.add_part(sequence, index, filled);
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
  std::uint32_t unheld = 0;
  std::uint32_t out = 0;
  for (std::uint32_t i = 0; i < pool_.total(); ++i) {
    const auto page = static_cast<PageId>(i);
    const bool kept = tree_.contains(page);
    assert(unheld_.contains(page) == (kept && !held(page)));
    unheld += unheld_.contains(page) ? 1 : 0;
    out += kept || held(page) ? 1 : 0;
    assert(!kept || tree_.state(page) == kNoState ||
           owners_[static_cast<std::size_t>(tree_.state(page))] == page);
  }
  assert(unheld == unheld_.size() && out == pool_.out());
  assert(free_states_.size() + snapshots_.size() <= options_.states);
  static_cast<void>(unheld);
  static_cast<void>(out);
}

}  // namespace hearth::engine
