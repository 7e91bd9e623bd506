// From method and path to handler.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/response.h"

namespace hearth::http {

/// Handlers run on an I/O thread and must not block: what waits goes into a PendingResponse or
/// BodyStream.
using Handler = std::function<Response(const Request&)>;

/// One endpoint. `pattern` is like `/v1/models/{id...}/load`: `{x}` takes one segment, `{x...}` one
/// or more (model ids hold slashes). Of several patterns that fit a path, the one with more fixed
/// segments wins; then, from left to right, a fixed segment wins over `{x}`, which wins over
/// `{x...}`.
struct Route {
  Method method;
  std::string pattern;
  Handler handler;
  std::size_t body_limit = std::size_t{64} * 1024 * 1024;  ///< bytes; more is 413
};

/// The table of routes. Built once at start, then read by all I/O threads.
class Router {
 public:
  /// A second route of the same method and pattern, a pattern without a leading slash or with two
  /// `{x...}` is a bug.
  void add(Route route);
  /// Takes GET and HEAD requests whose path no route has (the web app's files).
  void fallback(Handler handler);

  /// Method and pattern of every route, the most specific first; the fallback is not among them.
  std::vector<std::pair<Method, std::string>> routes() const;

  /// What a request's path leads to.
  struct Match {
    const Route* route = nullptr;
    std::vector<std::pair<std::string, std::string>> values;  ///< Request::route_values
    /// With route == nullptr: the methods that this path would take; empty: no such path.
    std::vector<Method> allowed;
  };
  /// HEAD finds the GET route. Never fails: see Match, whose pointer lives as long as the Router.
  Match find(Method method, const std::vector<std::string>& path) const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string> segments;
  };
  std::vector<Entry> entries_;  // most specific first
  std::optional<Route> fallback_;
};

}  // namespace hearth::http
