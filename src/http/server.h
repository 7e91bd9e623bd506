// The HTTP server: listens, keeps limits, runs handlers, writes answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/router.h"

namespace hearth::http {

struct ServerLimits {
  std::size_t header_bytes = std::size_t{64} * 1024;
  /// Further connections get 503. The process's limit of open files is raised to fit, where it may.
  std::size_t connections = 10'000;
  /// From the first byte of a request to its last header.
  std::chrono::milliseconds header_timeout{15'000};
  /// Without a byte of the body.
  std::chrono::milliseconds body_timeout{60'000};
  /// Keep-alive without a request.
  std::chrono::milliseconds idle_timeout{75'000};
  /// A reader that takes nothing for so long is dropped.
  std::chrono::milliseconds write_timeout{60'000};
  /// Silence before BodyStream::heartbeat is written; 0: never.
  std::chrono::milliseconds heartbeat{10'000};
  /// Unsent bytes above which a stream is not pulled.
  std::size_t stream_buffer_bytes = std::size_t{256} * 1024;
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;  ///< 0: any free port
  int io_threads = 2;
  /// Host names (without port) that a request may carry, beside loopback names and addresses: the
  /// guard against DNS rebinding. `*.name` takes every name below, `*` all. Where `host` is not
  /// loopback, it and every numeric address are let in too (an address cannot be rebound). An empty
  /// Host is refused with 400, an unlisted one with 403.
  std::vector<std::string> allowed_hosts;
  ServerLimits limits;
};

/// One finished request, for the access log and the metrics.
struct AccessRecord {
  std::string request_id;
  std::string remote;
  Method method;
  std::string target;  ///< without the query: it may hold secrets
  std::string route;   ///< the pattern, empty if none matched
  int status = 0;
  double duration_ms = 0;
  std::uint64_t bytes_sent = 0;
  bool client_left = false;
};

/// Called by the server for what never reaches a handler (unknown path, wrong method, too large,
/// bad framing, handler threw): the envelope depends on the path, so the protocol layer writes it.
/// The request may lack what could not be read. The server itself adds the Allow field of a 405 and
/// sets the statuses that no ErrorCode names (417, 431, 505).
using ErrorWriter = std::function<Response(const Request&, Error)>;

/// Owns the listening socket and its I/O threads.
class Server {
 public:
  /// Binds at once: a port in use is an error that names the port and what to do.
  static Result<std::unique_ptr<Server>> listen(const ServerOptions& options, Router router,
                                                ErrorWriter write_error);
  virtual ~Server() = default;

  /// The port that was bound.
  virtual std::uint16_t port() const = 0;
  /// Called for every finished request, on an I/O thread. Set before start().
  virtual void on_access(std::function<void(const AccessRecord&)> observer) = 0;
  /// Starts accepting on its own threads and returns.
  virtual void start() = 0;
  /// Stops accepting, closes idle connections, lets running answers end within `grace`, then closes
  /// all. Returns when every I/O thread has ended. Call from a thread that is none of its own.
  virtual void drain(std::chrono::milliseconds grace) = 0;
};

}  // namespace hearth::http
