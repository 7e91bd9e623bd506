// Keeping count of open connections.
#include "http/connections.h"

#include <utility>

namespace hearth::http {

Connections::Door Connections::add(std::shared_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (closing_) return Door::Closed;
  if (open_.size() >= limit_) return Door::Full;
  open_.insert(std::move(connection));
  return Door::Open;
}

void Connections::remove(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  open_.erase(connection);
  if (open_.empty()) changed_.notify_all();
}

void Connections::close_door() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  for (const auto& connection : open_) connection->drain();
}

void Connections::abort_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& connection : open_) connection->abort();
}

bool Connections::wait_until_empty(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return open_.empty(); });
}

}  // namespace hearth::http
