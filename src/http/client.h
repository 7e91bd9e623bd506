// A small HTTP client for the command line (asking a running server). Blocks its thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/request.h"

namespace hearth::http {

struct ClientRequest {
  Method method = Method::Get;
  std::string url;
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{10'000};  ///< for the whole exchange; 0: none
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// One exchange. An answer of any status is a value; Io is "no answer" (refused, timed out, cut
/// off). Proxies are not used, redirects not followed.
/// @param on_body  receives the body piece by piece instead of ClientResponse::body; false ends it.
Result<ClientResponse> fetch(const ClientRequest& request,
                             const std::function<bool(std::string_view)>& on_body = {});

}  // namespace hearth::http
