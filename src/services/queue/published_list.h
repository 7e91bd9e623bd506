// A list that many read while one changes it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/queue/subscribers.h"

namespace hearth::services {

/// Each change publishes a whole new list; whoever has the old one keeps it. `Item` has a `row`
/// with an `id`. Any thread; readers never wait for anything slow.
template <class Item>
class PublishedList {
 public:
  using Entry = std::shared_ptr<const Item>;
  using List = std::vector<Entry>;

  std::shared_ptr<const List> list() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }
  /// Null for an unknown id.
  Entry find(const std::string& id) const {
    for (const Entry& entry : *list())
      if (entry->row.id == id) return entry;
    return nullptr;
  }
  [[nodiscard]] Subscription subscribe(Subscribers::Wake wake) {
    return subscribers_.add(std::move(wake));
  }

  /// Items for which `same(before, now)` stay the objects that they were. One thread at a time.
  template <class Same>
  void publish(std::vector<Item> items, Same same) {
    std::map<std::string, Entry> before;
    for (const Entry& entry : *list()) before[entry->row.id] = entry;
    auto now = std::make_shared<List>();
    for (Item& item : items) {
      const Entry& old = before[item.row.id];
      now->push_back(old && same(*old, item) ? old : std::make_shared<const Item>(std::move(item)));
    }
    {
      const std::lock_guard lock(mutex_);
      list_ = std::move(now);
    }
    subscribers_.wake_all();
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const List> list_ = std::make_shared<const List>();  // guarded by mutex_
  Subscribers subscribers_;
};

}  // namespace hearth::services
