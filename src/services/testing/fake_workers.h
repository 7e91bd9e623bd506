// Workers without processes: a test says when a load ends and how, and when a worker dies.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "engine/testing/fake_engine.h"
#include "services/pool/pool.h"

namespace hearth::services::testing {

/// Outlives the pool that uses it. Any thread.
class FakeWorkers {
 public:
  /// Tests load and lose models by the hundred: the log stays silent.
  FakeWorkers() { base::start_log(base::LogLevel::Off); }

  /// What the pool asked for.
  struct Load {
    std::string model;
    std::function<void(double)> progress;
    std::function<void()> on_lost;
  };

  StartWorker starter() {
    return [this](const ModelEntry& model, std::function<void(double)> progress,
                  std::function<void()> on_lost) {
      return start({model.id, std::move(progress), std::move(on_lost)});
    };
  }

  /// From now on loads wait for settle(); before, they succeed at once.
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  /// Ends the n-th load.
  void settle(std::size_t index, Result<void> outcome = {}) {
    wait_for(index);
    const std::lock_guard lock(mutex_);
    outcomes_.insert_or_assign(index, std::move(outcome));
    changed_.notify_all();
  }
  /// The n-th load, once it has begun.
  Load wait_for(std::size_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return loads_.size() > index; });
    return loads_[index];
  }
  std::size_t loads() const {
    const std::lock_guard lock(mutex_);
    return loads_.size();
  }
  /// "start a", "end a" ... in the order of events.
  std::vector<std::string> diary() const {
    const std::lock_guard lock(mutex_);
    return diary_;
  }
  bool has_ended(const std::string& model) const {
    const std::lock_guard lock(mutex_);
    return std::find(diary_.begin(), diary_.end(), "end " + model) != diary_.end();
  }
  /// Where a model's requests arrive, and from where its events are played.
  std::shared_ptr<engine::testing::FakeEngineScript> script(const std::string& model) {
    const std::lock_guard lock(mutex_);
    auto& script = scripts_[model];
    if (!script) script = std::make_shared<engine::testing::FakeEngineScript>();
    return script;
  }

 private:
  Result<Worker> start(Load load) {
    const std::string model = load.model;
    if (auto outcome = await(std::move(load)); !outcome) return fail(std::move(outcome).error());
    const engine::ModelInfo info{.name = model,
                                 .architecture = "qwen3",
                                 .context_length = 512,
                                 .fingerprint = "fp_0123456789"};
    return Worker{
        .lifetime = std::shared_ptr<void>(this, [this, model](void*) { note("end " + model); }),
        .process = 4711,
        .engine = std::make_shared<engine::testing::FakeEngine>(info, script(model))};
  }
  Result<void> await(Load load) {
    std::unique_lock lock(mutex_);
    const std::size_t index = loads_.size();
    diary_.push_back("start " + load.model);
    loads_.push_back(std::move(load));
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_ || outcomes_.contains(index); });
    const auto outcome = outcomes_.find(index);
    return outcome == outcomes_.end() ? Result<void>() : outcome->second;
  }
  void note(std::string line) {
    const std::lock_guard lock(mutex_);
    diary_.push_back(std::move(line));
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;  // guarded by mutex_, as all below
  std::vector<Load> loads_;
  std::map<std::size_t, Result<void>> outcomes_;
  std::vector<std::string> diary_;
  std::map<std::string, std::shared_ptr<engine::testing::FakeEngineScript>> scripts_;
};

/// A request for a model whose answer can be waited for.
inline std::future<Result<Lease>> ask(Pool& pool, const std::string& model) {
  auto answer = std::make_shared<std::promise<Result<Lease>>>();
  pool.acquire(ModelEntry{.id = model},
               [answer](Result<Lease> ready) { answer->set_value(std::move(ready)); });
  return answer->get_future();
}

}  // namespace hearth::services::testing
