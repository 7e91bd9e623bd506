// What a handler gives back: a whole answer, a body made over time, or an answer yet to come.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http/request.h"

namespace hearth::http {

/// Tells a connection that its source may have something. Cheap; any thread, any number of times,
/// also after the connection is gone.
using Waker = std::function<void()>;

/// A body produced over time (server-sent events, NDJSON). The connection pulls on its I/O thread;
/// the producer wakes it. Destroyed when the body has ended or the client has left: destruction
/// cancels the work.
class BodyStream {
 public:
  enum class State {
    More,  ///< `out` may hold something; there will be more after the next wake
    End,   ///< `out` holds the rest
    Abort  ///< drop the connection: the answer cannot be finished honestly
  };
  virtual ~BodyStream() = default;
  /// Called once, before the first pull().
  virtual void start(Waker wake) = 0;
  /// Appends what is ready to `out`. Never blocks. Not called while the client reads too slowly
  /// (the producer must bound what it keeps).
  virtual State pull(std::string& out) = 0;
  /// What to write after a silence of the server's heartbeat interval, e.g. `: ping\n\n`; may be
  /// empty.
  virtual std::string_view heartbeat() const { return {}; }
};

class Response;

/// An answer that must wait for something (a model that loads, a generation that is read whole).
/// Destroyed when answered or when the client has left: destruction cancels the work.
class PendingResponse {
 public:
  virtual ~PendingResponse() = default;
  virtual void start(Waker wake) = 0;
  /// The answer once it is there; never blocks; I/O thread.
  virtual std::optional<Response> poll() = 0;
  /// When poll() wants to be asked again even without a wake.
  virtual std::optional<base::Instant> deadline() const { return std::nullopt; }
};

/// Status, headers and one of the three kinds of body. Move-only.
class Response {
 public:
  int status = 200;
  Headers headers;
  /// std::string_view: bytes that live as long as the program (embedded assets).
  std::variant<std::string, std::string_view, std::unique_ptr<BodyStream>,
               std::unique_ptr<PendingResponse>>
      body;
};

/// A whole answer with a JSON body.
Response json(std::string body, int status = 200);
Response text(std::string body, int status = 200);
/// 200 text/event-stream with the headers that keep proxies from buffering.
Response event_stream(std::unique_ptr<BodyStream> stream);
/// An answer to come. Status and headers are those of the Response that poll() returns.
Response pending(std::unique_ptr<PendingResponse> later);

}  // namespace hearth::http
