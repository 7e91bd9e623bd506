// The pages of one sequence in layers with a window.
#pragma once

#include <cassert>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/page_pool.h"

namespace hearth::engine {

/// Pages [first(), end()) of a sequence's tokens: those before are behind the window and given
/// back.
class WindowTable {
 public:
  std::uint32_t first() const { return first_; }
  std::uint32_t end() const { return first_ + size(); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(pages_.size()); }
  std::span<const PageId> pages() const { return pages_; }

  /// Page `index` of the tokens; kNoPage where it is not held.
  PageId at(std::size_t index) const {
    return index < first_ || index >= end() ? kNoPage : pages_[index - first_];
  }

  /// An empty table that goes on at page `first`.
  void start(std::uint32_t first) {
    assert(pages_.empty());
    first_ = first;
  }
  void add(PageId page) { pages_.push_back(page); }
  void replace(std::size_t index, PageId page) {
    assert(at(index) != kNoPage);
    pages_[index - first_] = page;
  }

  /// Gives up the first page; the caller releases it.
  PageId drop_first() {
    assert(!pages_.empty());
    const PageId page = pages_.front();
    pages_.erase(pages_.begin());
    ++first_;
    return page;
  }
  /// Gives up all pages; the caller releases them.
  std::vector<PageId> take() {
    first_ = 0;
    return std::exchange(pages_, {});
  }

 private:
  std::uint32_t first_ = 0;
  std::vector<PageId> pages_;
};

}  // namespace hearth::engine
