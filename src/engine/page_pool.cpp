// The free list and the reference counts of pages.
#include "engine/page_pool.h"

namespace hearth::engine {

std::optional<PageId> PagePool::take() {
  if (out_ == total_) return std::nullopt;
  ++out_;
  if (returned_.empty()) {
    references_.push_back(1);
    return static_cast<PageId>(references_.size() - 1);
  }
  const PageId page = returned_.back();
  returned_.pop_back();
  references_[static_cast<std::size_t>(page)] = 1;
  return page;
}

void PagePool::hold(PageId page) {
  assert(static_cast<std::size_t>(page) < references_.size());
  ++references_[static_cast<std::size_t>(page)];
}

bool PagePool::release(PageId page) {
  assert(references(page) > 0);
  return --references_[static_cast<std::size_t>(page)] == 0;
}

void PagePool::give_back(PageId page) {
  assert(references(page) == 0 && out_ > 0);
  returned_.push_back(page);
  --out_;
}

std::uint32_t PagePool::references(PageId page) const {
  assert(page >= 0 && static_cast<std::uint32_t>(page) < total_);
  const auto index = static_cast<std::size_t>(page);
  return index < references_.size() ? references_[index] : 0;
}

}  // namespace hearth::engine
