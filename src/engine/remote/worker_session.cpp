// Reading a server's words and doing what they say.
#include "engine/remote/worker_session.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "engine/remote/worker_outbox.h"
#include "engine/wire/channel.h"
#include "engine/wire/convert.h"

namespace hearth::engine {
namespace {

constexpr int kClosed = 0;
constexpr int kRefused = 1;
constexpr int kNonsense = 2;

class Session {
 public:
  Session(int fd, std::function<void(bool)> on_closed)
      : channel_(fd), on_closed_(std::move(on_closed)) {}

  int run(const OpenEngine& open) {
    wire::ToServer hello;
    hello.mutable_hello()->set_protocol(wire::kProtocol);
    WorkerOutbox outbox(channel_);
    outbox.send(hello);
    base::Thread reader("worker-reader", [&] { status_ = read(outbox); });

    auto engine = open([&](double fraction) {
      wire::ToServer message;
      message.mutable_loading()->set_fraction(fraction);
      outbox.send(message);
    });
    loading_ = false;
    if (!engine) return refuse(engine.error(), outbox, reader);
    start(**engine, outbox);
    reader.join();
    outbox.stop();  // before the engine goes
    return status_;
  }

 private:
  void start(Engine& engine, WorkerOutbox& outbox) {
    wire::ToServer message;
    *message.mutable_ready() = wire::write_model(engine.model());
    {
      const std::lock_guard lock(mutex_);
      engine_ = &engine;
    }
    outbox.send(message);
    outbox.watch(engine);
  }

  int refuse(const Error& error, WorkerOutbox& outbox, base::Thread& reader) {
    wire::ToServer message;
    *message.mutable_refused() = wire::write_problem(error);
    outbox.send(message);
    reader.join();  // the server closes when it has read the reason
    return kRefused;
  }

  /// Until the server closes or stops making sense.
  int read(WorkerOutbox& outbox) {
    int status = kClosed;
    while (true) {
      const auto message = channel_.receive_message<wire::ToWorker>();
      const auto handled = !message   ? fail(message.error())
                           : *message ? handle(**message, outbox)
                                      : Result<void>(fail(ErrorCode::Cancelled, "closed"));
      if (handled) continue;
      if (handled.error().code != ErrorCode::Cancelled) {
        log_error("engine", "worker: the server's messages make no sense: {}",
                  handled.error().message);
        status = kNonsense;
      }
      break;
    }
    channel_.shut_down();
    if (on_closed_) on_closed_(loading_);
    return status;
  }

  Result<void> handle(const wire::ToWorker& message, WorkerOutbox& outbox) {
    if (message.has_hello() != !greeted_)
      return fail(ErrorCode::CorruptData, "the version must come first, and once");
    switch (message.message_case()) {
      case wire::ToWorker::kHello:
        return greet(message.hello());
      case wire::ToWorker::kSubmit:
        return submit(message.submit(), outbox);
      case wire::ToWorker::kCancel:
        outbox.drop(message.cancel().request());
        return {};
      case wire::ToWorker::MESSAGE_NOT_SET:
        break;
    }
    return fail(ErrorCode::CorruptData, "a message has no content");
  }

  Result<void> greet(const wire::Hello& hello) {
    greeted_ = true;
    if (hello.protocol() == wire::kProtocol) return {};
    return fail(ErrorCode::CorruptData, "the server speaks protocol version {}, this worker {}",
                hello.protocol(), wire::kProtocol);
  }

  Result<void> submit(const wire::Submit& message, WorkerOutbox& outbox) {
    Engine* loaded = engine();
    if (loaded == nullptr) return fail(ErrorCode::CorruptData, "a request came before the model");
    outbox.add(message.request(), loaded->submit(TRY(wire::read_request(message))));
    return {};
  }

  Engine* engine() {
    const std::lock_guard lock(mutex_);
    return engine_;
  }

  wire::Channel channel_;
  std::function<void(bool)> on_closed_;
  std::atomic<int> status_ = kClosed;
  std::atomic<bool> loading_ = true;
  std::mutex mutex_;
  Engine* engine_ = nullptr;  // guarded by mutex_: set once the model is ready
  // Of the reader:
  bool greeted_ = false;
};

}  // namespace

int serve_session(int fd, const OpenEngine& open,
                  const std::function<void(bool still_loading)>& on_closed) {
  return Session(fd, on_closed).run(open);
}

}  // namespace hearth::engine
