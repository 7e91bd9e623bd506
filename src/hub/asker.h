// Requests to the Hub and to wherever it redirects. The token goes to the Hub alone.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"
#include "http/client.h"
#include "hub/places.h"

namespace hearth::hub {

struct AskLimits {
  std::chrono::milliseconds timeout{60'000};  ///< of one exchange; 0: none
  std::chrono::seconds stall_timeout{30};
  std::uint32_t least_bytes_per_s = 1;
};

/// Asks one thing after another, over connections that stay open. One thread.
class Asker {
 public:
  Asker(const Places& places, const AskLimits& limits);

  struct Answer {
    http::ClientResponse response;
    std::string url;  ///< that answered, after all redirects
  };

  /// GET `url`. Redirects are followed, at most eight; to another server than the Hub goes no
  /// token. The hooks see the last answer only.
  /// @returns Io or Upstream where nobody answers in the end; any status but a redirect is a value.
  Result<Answer> get(std::string url, const http::Headers& headers,
                     const http::ClientHooks& hooks = {});

  /// Whether the address is the Hub's own.
  bool is_hub(const std::string& url) const;
  const Places& places() const { return places_; }

 private:
  http::ClientRequest request(const std::string& url, const http::Headers& headers) const;

  Places places_;
  AskLimits limits_;
  std::string hub_origin_;
  http::Client client_;
};

}  // namespace hearth::hub
