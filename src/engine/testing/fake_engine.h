// An engine without a model: a test reads its requests and plays its events.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/event_queue.h"

namespace hearth::engine::testing {

/// Polls until `condition` holds; false after ten seconds.
template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 10000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

/// What the engine was asked, shared with the test that plays it.
class FakeEngineScript {
 public:
  struct Asked {
    Request request;
    std::shared_ptr<EventQueue> events;
  };

  std::shared_ptr<EventQueue> add(Request request) {
    const std::lock_guard lock(mutex_);
    asked_.push_back({std::move(request), std::make_shared<EventQueue>()});
    return asked_.back().events;
  }
  /// The n-th request, once it has come.
  Asked wait_for(std::size_t index) {
    eventually([&] { return count() > index; });
    const std::lock_guard lock(mutex_);
    return asked_.at(index);
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return asked_.size();
  }
  void set_stats(const EngineStats& stats) {
    const std::lock_guard lock(mutex_);
    stats_ = stats;
  }
  EngineStats stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  EngineStats stats_;
};

class FakeEngine final : public Engine {
 public:
  FakeEngine(ModelInfo model, std::shared_ptr<FakeEngineScript> script)
      : model_(std::move(model)), script_(std::move(script)) {}

  const ModelInfo& model() const override { return model_; }
  EngineStats stats() const override { return script_->stats(); }
  std::unique_ptr<Generation> submit(Request request) override {
    return std::make_unique<FakeGeneration>(script_->add(std::move(request)));
  }

 private:
  class FakeGeneration final : public Generation {
   public:
    explicit FakeGeneration(std::shared_ptr<EventQueue> events) : events_(std::move(events)) {}
    ~FakeGeneration() override { events_->abandon(); }
    std::vector<Event> drain() override { return events_->drain(); }
    void on_ready(std::function<void()> wake) override { events_->on_ready(std::move(wake)); }
    std::vector<Event> wait() override { return events_->wait(); }

   private:
    std::shared_ptr<EventQueue> events_;
  };

  ModelInfo model_;
  std::shared_ptr<FakeEngineScript> script_;
};

}  // namespace hearth::engine::testing
