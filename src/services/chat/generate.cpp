// Replies: waiting for the model, then handing on the engine's events.
#include "services/chat/generate.h"

#include <optional>
#include <utility>

#include "base/clock.h"

namespace hearth::services {

/// What the reader and the pool's threads share. All fields are guarded by the mutex.
struct Reply::Shared {
  explicit Shared(Metrics& metrics) : metrics(metrics) {}

  std::mutex mutex;
  Metrics& metrics;
  std::optional<engine::Request> request;  // until the engine takes it
  Lease lease;
  std::unique_ptr<engine::Generation> generation;
  std::vector<ReplyEvent> early;  // from before the engine took over
  std::function<void()> wake;
  bool abandoned = false;
  bool ended = false;
  base::Instant started = base::SteadyClock::now();
  std::optional<double> first_token_ms;

  void engine_ready(Result<Lease> ready);
  void note(const ReplyEvent& event);
};

void Reply::Shared::engine_ready(Result<Lease> ready) {
  std::function<void()> to_wake;
  {
    const std::lock_guard lock(mutex);
    if (abandoned) return;
    if (!ready) {
      early.emplace_back(engine::Failed{std::move(ready).error()});
    } else {
      lease = std::move(*ready);
      early.emplace_back(EngineReady{lease->model()});
      generation = lease->submit(std::move(*request));
      request.reset();
      if (wake) generation->on_ready(wake);
    }
    to_wake = wake;
  }
  if (to_wake) to_wake();
}

void Reply::Shared::note(const ReplyEvent& event) {
  if (std::holds_alternative<engine::TextDelta>(event) && !first_token_ms) {
    first_token_ms = base::elapsed_ms(started);
    metrics.first_token(*first_token_ms);
  } else if (const auto* finished = std::get_if<engine::Finished>(&event)) {
    ended = true;
    metrics.generation_finished(finished->usage, base::elapsed_ms(started));
  } else if (const auto* failed = std::get_if<engine::Failed>(&event)) {
    ended = true;
    metrics.generation_failed(failed->error.code);
  }
}

Reply::Reply(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

Reply::~Reply() {
  if (!shared_) return;
  std::unique_ptr<engine::Generation> leaving;  // cancels, outside the lock
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->abandoned = true;
    shared_->wake = {};
    if (!shared_->ended) shared_->metrics.generation_cancelled();
    leaving = std::move(shared_->generation);
  }
}

std::vector<ReplyEvent> Reply::drain() {
  const std::lock_guard lock(shared_->mutex);
  std::vector<ReplyEvent> events = std::exchange(shared_->early, {});
  if (shared_->generation)
    for (engine::Event& event : shared_->generation->drain())
      std::visit([&](auto& one) { events.emplace_back(std::move(one)); }, event);
  for (const ReplyEvent& event : events) shared_->note(event);
  return events;
}

void Reply::on_ready(std::function<void()> wake) {
  const std::lock_guard lock(shared_->mutex);
  shared_->wake = wake;
  if (shared_->generation) shared_->generation->on_ready(wake);
  if (!shared_->early.empty() && wake) wake();
}

Result<ModelEntry> Generator::find(const std::string& model) const {
  return library_.resolve(model.empty() ? default_model_ : model);
}

Reply Generator::start(const ModelEntry& model, engine::Request request) {
  auto shared = std::make_shared<Reply::Shared>(metrics_);
  shared->request = std::move(request);
  metrics_.generation_started();
  pool_.acquire(model, [shared](Result<Lease> ready) { shared->engine_ready(std::move(ready)); });
  return Reply(shared);
}

}  // namespace hearth::services
