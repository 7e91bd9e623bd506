// A table of names; nobody's code runs while it is locked.
#include "services/chat/running_replies.h"

#include <map>
#include <mutex>
#include <utility>

namespace hearth::services {

struct RunningReplies::Shared {
  std::mutex mutex;
  using Table = std::multimap<std::string, std::shared_ptr<const Cancel>>;
  Table running;  // guarded by mutex
};

RunningReplies::RunningReplies() : shared_(std::make_shared<Shared>()) {}

std::shared_ptr<void> RunningReplies::add(std::vector<std::string> names, Cancel cancel) {
  const auto entry = std::make_shared<const Cancel>(std::move(cancel));
  std::vector<Shared::Table::iterator> places;
  {
    const std::lock_guard lock(shared_->mutex);
    for (std::string& name : names)
      if (!name.empty()) places.push_back(shared_->running.emplace(std::move(name), entry));
  }
  return {nullptr, [shared = shared_, places = std::move(places)](void*) {
            const std::lock_guard lock(shared->mutex);
            for (const auto place : places) shared->running.erase(place);
          }};
}

std::size_t RunningReplies::cancel(const std::string& name) {
  std::vector<std::shared_ptr<const Cancel>> found;
  {
    const std::lock_guard lock(shared_->mutex);
    const auto [first, last] = shared_->running.equal_range(name);
    for (auto it = first; it != last; ++it) found.push_back(it->second);
  }
  std::size_t cancelled = 0;
  for (const auto& cancel : found) cancelled += (*cancel)() ? 1 : 0;
  return cancelled;
}

}  // namespace hearth::services
