// Accepting connections on a few threads, and ending in good order.
#include "http/server.h"

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "http/connections.h"
#include "http/head.h"
#include "http/listen.h"
#include "http/request_id.h"

namespace hearth::http {
namespace {

using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};

/// Threads: `drain` and the destructor on the owner's; everything named accept_* on the acceptor's
/// strand.
class AsioServer final : public Server {
 public:
  AsioServer(const ServerOptions& options, Router router, ErrorWriter write_error)
      : loops_(static_cast<std::size_t>(std::max(1, options.io_threads))),
        connections_(options.limits.connections),
        shared_(std::make_shared<Shared>(Shared{options.limits,
                                                std::move(router),
                                                std::move(write_error),
                                                HostGuard(options.host, options.allowed_hosts),
                                                {}})) {}

  ~AsioServer() override { drain(std::chrono::milliseconds(0)); }

  Result<void> open(const ServerOptions& options) {
    acceptors_ = TRY(open_acceptors(loops_.front().io, options));
    port_ = acceptors_.front().local_endpoint().port();
    const std::size_t room = make_room_for(options.limits.connections);
    if (room < options.limits.connections)
      log_warn("http",
               "this process may open {} files only: fewer connections than the limit of {}", room,
               options.limits.connections);
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void on_access(std::function<void(const AccessRecord&)> observer) override {
    shared_->observer = std::move(observer);
  }

  void start() override {
    for (auto& acceptor : acceptors_) accept_next(acceptor);
    for (std::size_t i = 0; i < loops_.size(); ++i)
      threads_.emplace_back(fmt::format("http-{}", i), [this, i] { loops_[i].io.run(); });
  }

  void drain(std::chrono::milliseconds grace) override {
    for (auto& acceptor : acceptors_) asio::post(acceptor.get_executor(), [&] { stop(acceptor); });
    connections_.close_door();
    if (!connections_.wait_until_empty(grace)) connections_.abort_all();
    for (Loop& loop : loops_) loop.busy.reset();
    threads_.clear();  // joins
  }

 private:
  void accept_next(Acceptor& acceptor) {
    const std::size_t loop = next_loop_++ % loops_.size();
    acceptor.async_accept(asio::make_strand(loops_[loop].io),
                          [this, &acceptor](const error_code& error, Socket socket) {
                            accepted(acceptor, error, std::move(socket));
                          });
  }

  void accepted(Acceptor& acceptor, const error_code& error, Socket socket) {
    if (!acceptor.is_open()) return;
    if (!error) {
      serve(std::move(socket));
      return accept_next(acceptor);
    }
    // Out of files, most likely: connections that wait are taken once others have gone.
    log_warn("http", "could not accept a connection: {}", error.message());
    auto pause = std::make_shared<Timer>(acceptor.get_executor(), kAcceptPause);
    pause->async_wait([this, &acceptor, pause](const error_code&) {
      if (acceptor.is_open()) accept_next(acceptor);
    });
  }

  static void stop(Acceptor& acceptor) {
    error_code ignored;
    acceptor.close(ignored);
  }

  void serve(Socket socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;  // it left already
    const Strand strand = socket.get_executor();
    const auto wire = std::make_shared<Wire>(std::move(socket), shared_->limits.header_bytes);
    auto connection = std::make_shared<Connection>(shared_, wire, peer.address().to_string());
    const Connections::Door door = connections_.add(connection);
    if (door == Connections::Door::Full) return turn_away(wire, peer.address().to_string());
    if (door == Connections::Door::Closed) return;  // it ends as idle ones do while we drain
    asio::co_spawn(
        strand, Connection::run(connection),
        [this, connection](const std::exception_ptr&) { connections_.remove(connection); });
  }

  // One attempt to say why, without reading: a connection over the limit gets no memory of its own.
  void turn_away(const std::shared_ptr<Wire>& wire, std::string remote) {
    Request request;
    request.id = request_id(request.headers);
    request.remote = std::move(remote);
    Error error{ErrorCode::Overloaded, "too many open connections: try again in a moment"};
    error.retry_after = std::chrono::seconds(1);
    auto response = shared_->refuse(request, {std::move(error), 503, {}});
    auto* body = std::get_if<std::string>(&response.body);
    const HeadFacts facts{
        .length = body ? body->size() : 0, .keep_alive = false, .request_id = request.id};
    asio::post(wire->strand(), [wire, bytes = write_head(response, facts) + (body ? *body : "")] {
      wire->send_now(bytes);
      wire->close();
    });
  }

  /// One thread's: a connection stays where it is, so that a token wakes one thread and no other.
  struct Loop {
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> busy{io.get_executor()};
  };

  std::deque<Loop> loops_;
  std::atomic<std::size_t> next_loop_ = 0;  // acceptors share it
  Connections connections_;
  std::shared_ptr<Shared> shared_;
  std::vector<Acceptor> acceptors_;
  std::uint16_t port_ = 0;
  std::vector<base::Thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options, Router router,
                                               ErrorWriter write_error) {
  auto server = std::make_unique<AsioServer>(options, std::move(router), std::move(write_error));
  if (auto opened = server->open(options); !opened) return fail(std::move(opened).error());
  return server;
}

}  // namespace hearth::http
