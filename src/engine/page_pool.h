// Which pages of the KV cache are free, and how many holders each of the others has.
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
inline constexpr PageId kNoPage = -1;

/// Page numbers with reference counts; every verb is O(1). The arrays behind the numbers belong to
/// the model's cache. Pages that were used before go out first, fresh ones in rising order, so
/// memory behind numbers that never went out need not exist.
///
/// Pure bookkeeping: no arrays, no locks. One owner.
class PagePool {
 public:
  explicit PagePool(std::uint32_t pages) : total_(pages) {}

  /// A page with one reference, or nothing when all are out.
  std::optional<PageId> take();

  /// One more holder of a page that is out, be it one that nobody holds at the moment.
  void hold(PageId page);

  /// One holder less. @returns true for the last one: the page is still out, until give_back().
  bool release(PageId page);

  /// Makes a page that nobody holds free again.
  void give_back(PageId page);

  /// Holders of a page; a page that is out may have none.
  std::uint32_t references(PageId page) const;

  std::uint32_t total() const { return total_; }
  std::uint32_t out() const { return out_; }
  std::uint32_t free() const { return total_ - out_; }

 private:
  std::uint32_t total_;
  std::uint32_t out_ = 0;
  std::vector<std::uint32_t> references_;  ///< of the pages that ever went out
  std::vector<PageId> returned_;           ///< free pages among those, latest return last
};

}  // namespace hearth::engine
