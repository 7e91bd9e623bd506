// What the connections of one server share, and what one request carries along.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/fault.h"
#include "http/host_guard.h"
#include "http/router.h"
#include "http/server.h"

namespace hearth::http {

/// Set before the first connection, then read by all I/O threads.
struct Shared {
  ServerLimits limits;
  Router router;
  ErrorWriter write_error;
  HostGuard guard;
  std::function<void(const AccessRecord&)> observer;

  /// The answer to what never reaches a handler. Never throws.
  Response refuse(const Request& request, Fault fault) const;
  /// The answer where our own code threw: logged with the request's id, told without details.
  Response broke(const Request& request, std::string_view thrown) const;
};

/// One request with what was decided about it.
struct Exchange {
  Request request;
  const Route* route = nullptr;
  std::string allow;  ///< methods for an OPTIONS that the server answers itself
  bool http10 = false;
  bool keep_alive = false;   ///< false also where the rest of the request was not read
  bool client_left = false;  ///< before its answer was complete
  int status = 0;
};

}  // namespace hearth::http
