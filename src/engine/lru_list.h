// Which of some numbers was touched longest ago.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hearth::engine {

/// Small whole numbers in the order of their last push; every verb is O(1).
class LruList {
 public:
  /// Puts a number that is not in the list behind all others.
  void push(std::int32_t number) {
    const auto index = static_cast<std::size_t>(number);
    if (index >= links_.size()) links_.resize(index + 1);
    assert(!links_[index].in);
    links_[index] = {.before = last_, .after = kNone, .in = true};
    (last_ == kNone ? first_ : at(last_).after) = number;
    last_ = number;
    ++size_;
  }

  /// Puts a number that is not in the list before all others: as if it was touched longest ago.
  void push_first(std::int32_t number) {
    const auto index = static_cast<std::size_t>(number);
    if (index >= links_.size()) links_.resize(index + 1);
    assert(!links_[index].in);
    links_[index] = {.before = kNone, .after = first_, .in = true};
    (first_ == kNone ? last_ : at(first_).before) = number;
    first_ = number;
    ++size_;
  }

  void remove(std::int32_t number) {
    Link& link = at(number);
    assert(link.in);
    (link.before == kNone ? first_ : at(link.before).after) = link.after;
    (link.after == kNone ? last_ : at(link.after).before) = link.before;
    link.in = false;
    --size_;
  }

  bool contains(std::int32_t number) const {
    const auto index = static_cast<std::size_t>(number);
    return index < links_.size() && links_[index].in;
  }
  /// The one that was pushed longest ago. The list is not empty.
  std::int32_t oldest() const {
    assert(size_ > 0);
    return first_;
  }
  std::uint32_t size() const { return size_; }

 private:
  static constexpr std::int32_t kNone = -1;
  struct Link {
    std::int32_t before = kNone;
    std::int32_t after = kNone;
    bool in = false;
  };
  Link& at(std::int32_t number) { return links_[static_cast<std::size_t>(number)]; }

  std::vector<Link> links_;
  std::int32_t first_ = kNone;
  std::int32_t last_ = kNone;
  std::uint32_t size_ = 0;
};

}  // namespace hearth::engine
