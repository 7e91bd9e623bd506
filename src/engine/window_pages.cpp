// Holders of window pages, and where these hang.
#include "engine/window_pages.h"

#include <cassert>

namespace hearth::engine {

WindowPages::WindowPages(WindowOptions options)
    : options_(options), pool_(options.pages), where_(options.pages, kNoPage) {
  assert(options_.tokens > 0);
}

bool WindowPages::hangs(PageId page) const {
  return where_[static_cast<std::size_t>(page)] != kNoPage;
}

void WindowPages::hold(PageId page) {
  if (!held(page)) unheld_.remove(page);
  pool_.hold(page);
}

bool WindowPages::release(PageId page, Keep keep) {
  if (!pool_.release(page)) return false;
  if (!hangs(page))
    pool_.give_back(page);
  else if (keep == Keep::Long)
    unheld_.push(page);
  else
    unheld_.push_first(page);
  return true;
}

void WindowPages::hang(PageId page, PageId at) {
  assert(held(page) && !hangs(page) && hanging(at) == kNoPage);
  const auto index = static_cast<std::size_t>(at);
  if (index >= hanging_.size()) hanging_.resize(index + 1, kNoPage);
  hanging_[index] = page;
  where_[static_cast<std::size_t>(page)] = at;
}

PageId WindowPages::hanging(PageId at) const {
  const auto index = static_cast<std::size_t>(at);
  return index < hanging_.size() ? hanging_[index] : kNoPage;
}

void WindowPages::drop(PageId at) {
  const PageId page = hanging(at);
  if (page == kNoPage) return;
  assert(!held(page) && "its holder holds the page of the tree");
  unheld_.remove(page);
  hanging_[static_cast<std::size_t>(at)] = kNoPage;
  where_[static_cast<std::size_t>(page)] = kNoPage;
  pool_.give_back(page);
}

PageId WindowPages::evict() {
  const PageId at = where_[static_cast<std::size_t>(unheld_.oldest())];
  drop(at);
  return at;
}

void WindowPages::check_integrity() const {
  std::uint32_t out = 0;
  for (std::uint32_t i = 0; i < pool_.total(); ++i) {
    const auto page = static_cast<PageId>(i);
    assert(unheld_.contains(page) == (hangs(page) && !held(page)));
    assert(!hangs(page) || hanging(where_[i]) == page);
    out += held(page) || hangs(page) ? 1 : 0;
  }
  assert(out == pool_.out());
  static_cast<void>(out);
}

}  // namespace hearth::engine
