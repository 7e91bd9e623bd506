// Requests out, events in, and what happens when the worker dies.
#include "engine/remote/remote_engine.h"

#include <utility>

#include "base/log.h"

namespace hearth::engine {
namespace {

/// One request's events as they arrive; dropping it cancels the request in the worker.
class RemoteGeneration final : public Generation {
 public:
  RemoteGeneration(std::uint64_t number, std::shared_ptr<EventQueue> events,
                   std::shared_ptr<RemoteRequests> requests)
      : number_(number), events_(std::move(events)), requests_(std::move(requests)) {}

  ~RemoteGeneration() override {
    events_->abandon();
    {
      const std::lock_guard lock(requests_->mutex);
      if (requests_->running.erase(number_) == 0) return;  // it has ended
    }
    wire::ToWorker message;
    message.mutable_cancel()->set_request(number_);
    if (auto frame = wire::frame_of(message)) requests_->outbox.post(std::move(*frame));
  }

  std::vector<Event> drain() override { return events_->drain(); }
  void on_ready(std::function<void()> wake) override { events_->on_ready(std::move(wake)); }
  std::vector<Event> wait() override { return events_->wait(); }

 private:
  std::uint64_t number_;
  std::shared_ptr<EventQueue> events_;
  std::shared_ptr<RemoteRequests> requests_;
};

bool is_last(const Event& event) {
  return std::holds_alternative<Finished>(event) || std::holds_alternative<Failed>(event);
}

}  // namespace

RemoteEngine::RemoteEngine(std::unique_ptr<wire::Channel> channel, ModelInfo model,
                           std::function<void()> on_lost)
    : channel_(std::move(channel)),
      model_(std::move(model)),
      on_lost_(std::move(on_lost)),
      requests_(std::make_shared<RemoteRequests>()),
      writer_("remote-writer", [this] { write_frames(); }),
      reader_("remote-reader", [this] { read_frames(); }) {}

RemoteEngine::~RemoteEngine() {
  closing_ = true;
  requests_->outbox.close();
  channel_->shut_down();
  reader_.join();
  writer_.join();
}

std::unique_ptr<Generation> RemoteEngine::submit(Request request) {
  const std::uint64_t number = next_++;
  auto events = std::make_shared<EventQueue>();
  auto generation = std::make_unique<RemoteGeneration>(number, events, requests_);
  wire::ToWorker message;
  *message.mutable_submit() = wire::write_request(number, request);
  auto frame = wire::frame_of(message);
  if (!frame) {
    events->push(Failed{frame.error()});
    return generation;
  }
  const std::lock_guard lock(requests_->mutex);
  if (requests_->closed) {
    events->push(Failed{*requests_->closed});
  } else {
    requests_->running.emplace(number, std::move(events));
    requests_->outbox.post(std::move(*frame));
  }
  return generation;
}

EngineStats RemoteEngine::stats() const {
  const std::lock_guard lock(stats_mutex_);
  return stats_;
}

void RemoteEngine::write_frames() {
  while (const auto frame = requests_->outbox.wait())
    if (!channel_->send(*frame)) return channel_->shut_down();  // the reader tells everybody
}

void RemoteEngine::read_frames() {
  while (true) {
    auto message = channel_->receive_message<wire::ToServer>();
    if (!message) return end(message.error().message);
    if (!*message) return end("its process is gone");
    if (const auto handled = handle(**message); !handled) return end(handled.error().message);
  }
}

Result<void> RemoteEngine::handle(const wire::ToServer& message) {
  switch (message.message_case()) {
    case wire::ToServer::kEvents:
      return deliver(message.events());
    case wire::ToServer::kStats: {
      const std::lock_guard lock(stats_mutex_);
      stats_ = wire::read_stats(message.stats());
      return {};
    }
    default:
      return fail(ErrorCode::CorruptData, "it sent a message of kind {} out of turn",
                  static_cast<int>(message.message_case()));
  }
}

Result<void> RemoteEngine::deliver(const wire::Events& message) {
  std::shared_ptr<EventQueue> queue;
  {
    const std::lock_guard lock(requests_->mutex);
    const auto found = requests_->running.find(message.request());
    if (found == requests_->running.end())
      return {};  // cancelled; its last events were on their way
    queue = found->second;
  }
  for (const wire::Event& wired : message.events()) {
    Event event = TRY(wire::read_event(wired));
    if (is_last(event)) {
      const std::lock_guard lock(requests_->mutex);
      requests_->running.erase(message.request());
    }
    queue->push(std::move(event));
  }
  return {};
}

// The reader's last act.
void RemoteEngine::end(const std::string& why) {
  requests_->outbox.close();
  channel_->shut_down();
  if (closing_) {
    return fail_all(
        {.code = ErrorCode::Cancelled,
         .message = fmt::format("the model {} was unloaded while it served this request; "
                                "send the request again",
                                model_.name)});
  }
  log_error("engine", "lost the worker of {}: {}", model_.name, why);
  lost_ = true;
  fail_all(
      {.code = ErrorCode::EngineLost,
       .message = fmt::format("the worker process of model {} ended unexpectedly ({}); send the "
                              "request again",
                              model_.name, why)});
  if (on_lost_) on_lost_();
}

void RemoteEngine::fail_all(const Error& error) {
  decltype(requests_->running) orphans;
  {
    const std::lock_guard lock(requests_->mutex);
    requests_->closed = error;
    orphans.swap(requests_->running);
  }
  for (const auto& [number, queue] : orphans) queue->push(Failed{error});
}

}  // namespace hearth::engine
