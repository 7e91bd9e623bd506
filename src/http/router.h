// From method and path to handler.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/response.h"

namespace hearth::http {

/// Handlers run on an I/O thread and must not block: what waits goes into a PendingResponse or BodyStream.
using Handler = std::function<Response(const Request&)>;

/// One endpoint. `pattern` is like `/v1/models/{id...}/load`: `{x}` takes one segment, `{x...}` one or more
/// (model ids hold slashes). Fixed segments win over `{x}`, which wins over `{x...}`.
struct Route {
  Method method;
  std::string pattern;
  Handler handler;
  std::size_t body_limit = 64 * 1024 * 1024;  ///< bytes; more is 413
};

/// The table of routes. Built once at start, then read by all I/O threads.
class Router {
 public:
  void add(Route route);

  /// What a request's path leads to.
  struct Match {
    const Route* route = nullptr;
    std::vector<std::pair<std::string, std::string>> values;  ///< Request::route_values
    std::vector<Method> allowed;  ///< with route == nullptr: methods this path would take; empty: no such path
  };
  /// HEAD finds the GET route. Never fails: see Match.
  Match find(Method method, const std::vector<std::string>& path) const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string> segments;
  };
  std::vector<Entry> entries_;  // most specific first
};

}  // namespace hearth::http
