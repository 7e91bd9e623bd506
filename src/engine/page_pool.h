// Which pages of the KV cache are free, and how many sequences hold each of the others.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <vector>

namespace hearth::engine {

/// Tokens whose keys and values share one page.
inline constexpr std::uint32_t kPageTokens = 32;

/// The pages that `tokens` tokens occupy.
constexpr std::uint32_t pages_for(std::uint64_t tokens) {
  return static_cast<std::uint32_t>((tokens + kPageTokens - 1) / kPageTokens);
}

/// Number of a page, in [0, PagePool::total()).
using PageId = std::int32_t;

/// Page numbers with reference counts; every verb is O(1). The arrays behind the numbers belong to
/// the model's cache. Pages that were used before go out first, fresh ones in rising order, so
/// memory behind numbers that never went out need not exist.
///
/// Pure bookkeeping: no arrays, no locks. One owner.
class PagePool {
 public:
  explicit PagePool(std::uint32_t pages) : total_(pages) {}

  /// A page with one reference, or nothing when all are in use.
  std::optional<PageId> take();

  /// One more holder of a page that is in use.
  void share(PageId page);

  /// One holder less; the last one gives the page back.
  void release(PageId page);

  /// Holders of a page: 0 when it is free.
  std::uint32_t references(PageId page) const;

  std::uint32_t total() const { return total_; }
  std::uint32_t used() const { return used_; }
  std::uint32_t free() const { return total_ - used_; }

 private:
  std::uint32_t total_;
  std::uint32_t used_ = 0;
  std::vector<std::uint32_t> references_;  ///< of the pages that ever went out
  std::vector<PageId> returned_;           ///< free pages among those, latest return last
};

}  // namespace hearth::engine
