// Merging and waking.
#include "engine/event_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hearth::engine {

bool EventQueue::merge(Event& last, Event& next) {
  if (auto* delta = std::get_if<TextDelta>(&last)) {
    const auto* more = std::get_if<TextDelta>(&next);
    if (more == nullptr || more->kind != delta->kind) return false;
    delta->text += more->text;
    delta->tokens += more->tokens;
    auto& rest = std::get<TextDelta>(next);
    std::ranges::move(rest.reports, std::back_inserter(delta->reports));
    delta->ids.insert(delta->ids.end(), rest.ids.begin(), rest.ids.end());
    return true;
  }
  if (!std::holds_alternative<PromptProgress>(last) ||
      !std::holds_alternative<PromptProgress>(next))
    return false;
  last = std::move(next);
  return true;
}

bool EventQueue::can_wait(const Event& event) const {
  return whole_ && (std::holds_alternative<TextDelta>(event) ||
                    std::holds_alternative<PromptProgress>(event));
}

void EventQueue::push(Event event) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || abandoned()) return;
    ended_ = std::holds_alternative<Finished>(event) || std::holds_alternative<Failed>(event);
    const bool waits = can_wait(event);
    if (events_.empty() || !merge(events_.back(), event)) events_.push_back(std::move(event));
    if (waits || told_) return;
    told_ = true;
  }
  arrived_.notify_one();
  wake_reader();
}

std::vector<Event> EventQueue::drain() {
  const std::lock_guard lock(mutex_);
  told_ = false;
  return std::exchange(events_, {});
}

std::vector<Event> EventQueue::wait() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return !events_.empty() || ended_ || abandoned(); });
  told_ = false;
  return std::exchange(events_, {});
}

void EventQueue::on_ready(std::function<void()> wake) {
  const std::lock_guard lock(wake_mutex_);
  wake_ = wake ? std::make_shared<const std::function<void()>>(std::move(wake)) : nullptr;
  bool waiting = false;
  {
    const std::lock_guard events_lock(mutex_);
    waiting = !events_.empty();
  }
  if (waiting) wake_reader();
}

void EventQueue::wake_reader() {
  const std::lock_guard lock(wake_mutex_);
  const auto wake = wake_;  // it may replace itself
  if (wake) (*wake)();
}

void EventQueue::abandon() {
  abandoned_.store(true, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    events_.clear();
  }
  arrived_.notify_all();
  const std::lock_guard lock(wake_mutex_);
  wake_.reset();
}

}  // namespace hearth::engine
