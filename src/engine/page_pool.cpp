// The free list and the reference counts of pages.
#include "engine/page_pool.h"

namespace hearth::engine {

std::optional<PageId> PagePool::take() {
  if (used_ == total_) return std::nullopt;
  ++used_;
  if (returned_.empty()) {
    references_.push_back(1);
    return static_cast<PageId>(references_.size() - 1);
  }
  const PageId page = returned_.back();
  returned_.pop_back();
  references_[static_cast<std::size_t>(page)] = 1;
  return page;
}

void PagePool::share(PageId page) {
  assert(references(page) > 0);
  ++references_[static_cast<std::size_t>(page)];
}

void PagePool::release(PageId page) {
  assert(references(page) > 0);
  if (--references_[static_cast<std::size_t>(page)] > 0) return;
  returned_.push_back(page);
  --used_;
}

std::uint32_t PagePool::references(PageId page) const {
  assert(page >= 0 && static_cast<std::uint32_t>(page) < total_);
  const auto index = static_cast<std::size_t>(page);
  return index < references_.size() ? references_[index] : 0;
}

}  // namespace hearth::engine
