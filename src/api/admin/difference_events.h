// A list that changes, as a stream of differences.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "http/response.h"
#include "services/queue/subscribers.h"

namespace hearth::api::admin {

/// A list whose changes are told. All of it is called on the connection's thread and must not wait.
struct WatchedList {
  std::string name;  ///< of its member in the events
  /// Every entry by its id, in the list's order.
  std::function<std::vector<std::pair<std::string, json::object>>()> entries;
  std::function<services::Subscription(services::Subscribers::Wake)> subscribe;
};

/// Server-sent events. The first holds all entries; later ones those that have changed, and in
/// `removed` the ids that are gone. Who reads slowly misses steps between, never the latest state.
http::Response difference_events(WatchedList list);

}  // namespace hearth::api::admin
