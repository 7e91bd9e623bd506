// Collecting events and writing them.
#include "engine/remote/worker_outbox.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace hearth::engine {
namespace {

constexpr std::chrono::milliseconds kStatsEvery{250};
constexpr std::size_t kUnsentBytes = std::size_t{64} * 1024;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

}  // namespace

WorkerOutbox::WorkerOutbox(wire::Channel& channel)
    : channel_(channel),
      mailbox_(std::make_shared<Box>()),
      thread_("worker-outbox", [this] { run(); }) {}

void WorkerOutbox::stop() {
  mailbox_->close();
  thread_.join();
}

void WorkerOutbox::send(const wire::ToServer& message) {
  auto frame = wire::frame_of(message);
  if (!frame) return log_error("engine", "worker: {}", frame.error().message);
  mailbox_->post(Frame{std::move(*frame)});
}

void WorkerOutbox::run() {
  while (true) {
    // Statistics follow the work; a worker that has reported itself idle sleeps. The engine counts
    // a cancelled request until its step is over.
    const bool busy = !generations_.empty() || !reported_idle_;
    auto message = engine_ != nullptr && busy ? mailbox_->wait_until(stats_due_) : mailbox_->wait();
    if (!message && mailbox_->closed()) break;
    auto done = message ? handle(std::move(*message)) : Result<void>{};
    for (Message& next : mailbox_->drain())
      if (done) done = handle(std::move(next));
    if (done && engine_ != nullptr && base::SteadyClock::now() >= stats_due_) done = send_stats();
    if (done) done = flush();
    if (!done) {
      channel_.shut_down();  // the reading side ends the session
      break;
    }
  }
  mailbox_->close();
  generations_.clear();
}

Result<void> WorkerOutbox::handle(Message message) {
  return std::visit(Overloaded{
                        [this](Frame& frame) -> Result<void> {
                          unsent_ += frame.bytes;
                          return {};
                        },
                        [this](Watch& watch) -> Result<void> {
                          engine_ = watch.engine;
                          return send_stats();
                        },
                        [this](Add& add) -> Result<void> {
                          Generation& generation = *add.generation;
                          generations_.emplace(add.request, std::move(add.generation));
                          generation.on_ready([box = mailbox_, request = add.request] {
                            box->post(Ready{request});
                          });
                          return {};
                        },
                        [this](Ready& ready) { return send_events(ready.request); },
                        [this](Drop& drop) -> Result<void> {
                          generations_.erase(drop.request);
                          return {};
                        },
                    },
                    message);
}

Result<void> WorkerOutbox::send_events(std::uint64_t request) {
  const auto found = generations_.find(request);
  if (found == generations_.end()) return {};
  wire::ToServer message;
  message.mutable_events()->set_request(request);
  bool last = false;
  for (const Event& event : found->second->drain()) {
    last = std::holds_alternative<Finished>(event) || std::holds_alternative<Failed>(event);
    *message.mutable_events()->add_events() = wire::write_event(event);
  }
  TRY(write(message));
  if (!last) return {};
  generations_.erase(found);
  return generations_.empty() && engine_ != nullptr ? send_stats() : Result<void>{};
}

Result<void> WorkerOutbox::send_stats() {
  stats_due_ = base::SteadyClock::now() + kStatsEvery;
  const EngineStats stats = engine_->stats();
  reported_idle_ = stats.running == 0 && stats.waiting == 0;
  wire::ToServer message;
  *message.mutable_stats() = wire::write_stats(stats);
  std::string bytes = message.SerializeAsString();
  if (bytes == sent_stats_) return {};
  sent_stats_ = std::move(bytes);
  return write(message);
}

Result<void> WorkerOutbox::write(const wire::ToServer& message) {
  unsent_ += TRY(wire::frame_of(message));
  return unsent_.size() < kUnsentBytes ? Result<void>() : flush();
}

Result<void> WorkerOutbox::flush() {
  if (unsent_.empty()) return {};
  auto sent = channel_.send(unsent_);
  unsent_.clear();
  return sent;
}

}  // namespace hearth::engine
