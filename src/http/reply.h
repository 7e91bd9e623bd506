// Writes one answer, of whatever kind, to one client.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/exchange.h"
#include "http/head.h"
#include "http/wire.h"

namespace hearth::http {

class Reply {
 public:
  /// Both must outlive the Reply.
  Reply(const Shared& shared, std::shared_ptr<Wire> wire, Exchange& exchange)
      : shared_(shared), wire_(std::move(wire)), exchange_(exchange) {}

  /// @returns whether the client got all of it. The response's source is destroyed by then.
  Task<bool> send(Response response);

 private:
  Task<std::optional<Response>> await_pending(std::unique_ptr<PendingResponse> later);
  Task<bool> send_whole(Response response);
  Task<bool> send_stream(Response response);
  Task<bool> flush();
  std::optional<Response> poll(PendingResponse& later) const;
  base::Instant write_deadline() const;
  bool drop_stalled();
  std::string head(const Response& response, Framing framing, std::size_t length = 0);

  const Shared& shared_;
  std::shared_ptr<Wire> wire_;
  Exchange& exchange_;
};

}  // namespace hearth::http
