// A small HTTP client: asking a running server, and servers on the internet. Blocks its thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
  /// Ends an exchange that was slower than `least_bytes_per_s` for so long, waiting included; 0:
  /// never.
  std::chrono::seconds stall_timeout{0};
  std::uint32_t least_bytes_per_s = 1;
  bool use_proxies = false;  ///< those of the environment (https_proxy, all_proxy, no_proxy)
  std::size_t most_body_bytes = std::size_t{256} << 20;  ///< of ClientResponse::body
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
  std::optional<std::chrono::seconds> retry_after = {};  ///< as Retry-After says
};

/// How a caller follows an exchange. All are called on the thread that asked.
struct ClientHooks {
  /// Status and headers, before the first byte of the body. False: the body is not what was hoped
  /// for, and is collected in ClientResponse::body instead of going to on_body.
  std::function<bool(const ClientResponse&)> on_head;
  /// Receives the body piece by piece; false ends the exchange, which is no error.
  std::function<bool(std::string_view)> on_body;
  /// Asked at least once a second; false ends the exchange with Cancelled.
  std::function<bool()> keep_going;
};

/// Exchanges one after another, over connections that stay open between them. One thread at a time.
class Client {
 public:
  Client();
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// One exchange. An answer of any status is a value; Io is "no answer" (refused, timed out,
  /// stalled, cut off), TooLarge a collected body beyond its limit. Redirects are not followed.
  Result<ClientResponse> fetch(const ClientRequest& request, const ClientHooks& hooks = {});

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

/// One exchange on a connection of its own; see Client::fetch.
/// @param on_body  receives the body piece by piece instead of ClientResponse::body; false ends it.
Result<ClientResponse> fetch(const ClientRequest& request,
                             const std::function<bool(std::string_view)>& on_body = {});

}  // namespace hearth::http
