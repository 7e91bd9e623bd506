// One client's connection: requests one after another until either side has had enough.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/exchange.h"
#include "http/request_parser.h"
#include "http/wire.h"

namespace hearth::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<const Shared> shared, std::shared_ptr<Wire> wire, std::string remote);

  /// Serves until the connection has ended. On the strand; holds `self` meanwhile.
  static Task<void> run(std::shared_ptr<Connection> self);

  /// Ends once nothing is being answered. Any thread.
  void drain();
  /// Ends now. Any thread.
  void abort();

 private:
  enum class Intake { Ready, Refused, Gone };

  Task<bool> serve_next();
  Task<bool> await_first_byte();
  Task<Intake> read_request(Exchange* exchange, RequestParser* parser);
  Task<Intake> read_head(RequestParser* parser);
  Task<Intake> read_body(RequestParser* parser);
  Task<void> linger();

  Response handle(Exchange& exchange) const;
  void report(const Exchange& exchange, std::uint64_t sent_before) const;

  std::shared_ptr<const Shared> shared_;
  std::shared_ptr<Wire> wire_;
  std::string remote_;
  std::optional<Fault> fault_;  // of the present request
  bool draining_ = false;
  bool unread_ = false;  // closing with an answer on its way and perhaps bytes of the client unread
};

}  // namespace hearth::http
