// From a refusal of the Hub to an Error that says what, why and what to do.
#pragma once

#include <string>

#include "base/result.h"
#include "http/client.h"
#include "hub/places.h"

namespace hearth::hub {

/// What was asked for, for the message.
struct Subject {
  std::string repository;  ///< empty: none in particular (a search)
  std::string revision;
  std::string file;  ///< empty: the repository itself
};

/// Unauthorized, Forbidden (gated), NotFound, CorruptData (416), RateLimited with the time to wait,
/// or Upstream. The reason is the server's own (X-Error-Code, X-Error-Message) where it gives one.
Error hub_error(const http::ClientResponse& response, const Subject& subject, const Places& places);

}  // namespace hearth::hub
