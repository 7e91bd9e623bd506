// Workers without processes: a test says when a load ends and how, and when a worker dies.
#pragma once

#include <algorithm>
#include <atomic>
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
    std::uint64_t kv_bytes = 0;
    std::shared_ptr<LoadSwitch> stop = {};
  };

  StartWorker starter() {
    return [this](const LoadOrder& order) {
      return start({order.model.id, order.progress, order.on_lost, order.kv_bytes, order.stop});
    };
  }
  /// Loads that are cancelled from now on end only with settle().
  void die_slowly() { slow_ = true; }
  /// Workers that die from now on were killed for want of memory.
  void kill_for_memory() { killed_ = true; }

  /// From now on loads wait for settle() or release(); before, they succeed at once.
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  /// All loads that wait succeed, as do later ones.
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
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
    const std::shared_ptr<LoadSwitch> stop = load.stop;
    const auto outcome = await(std::move(load));
    if (stop) stop->disarm();
    if (!outcome) return fail(outcome.error());
    const engine::ModelInfo info{.name = model,
                                 .architecture = "qwen3",
                                 .context_length = 512,
                                 .fingerprint = "fp_0123456789"};
    return Worker{
        .lifetime = std::shared_ptr<void>(this, [this, model](void*) { note("end " + model); }),
        .process = 4711,
        .killed = [this] { return killed_.load(); },
        .engine = std::make_shared<engine::testing::FakeEngine>(info, script(model))};
  }
  Result<void> await(Load load) {
    std::unique_lock lock(mutex_);
    const std::size_t index = loads_.size();
    const std::shared_ptr<LoadSwitch> stop = load.stop;
    diary_.push_back("start " + load.model);
    loads_.push_back(std::move(load));
    changed_.notify_all();
    lock.unlock();  // a load that was cancelled before it began ends within arm()
    if (stop) stop->arm([this, index] { settle_now(index); });
    lock.lock();
    changed_.wait(lock, [&] { return !held_ || outcomes_.contains(index); });
    const auto outcome = outcomes_.find(index);
    return outcome == outcomes_.end() ? Result<void>() : outcome->second;
  }
  /// As a process that is killed while it loads.
  void settle_now(std::size_t index) {
    const std::lock_guard lock(mutex_);
    diary_.push_back("stop " + loads_[index].model);
    if (slow_) return;
    outcomes_.insert_or_assign(
        index, Result<void>(fail(ErrorCode::EngineLost, "the worker process ended")));
    changed_.notify_all();
  }
  void note(std::string line) {
    const std::lock_guard lock(mutex_);
    diary_.push_back(std::move(line));
  }

  std::atomic<bool> killed_ = false;
  std::atomic<bool> slow_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;  // guarded by mutex_, as all below
  std::vector<Load> loads_;
  std::map<std::size_t, Result<void>> outcomes_;
  std::vector<std::string> diary_;
  std::map<std::string, std::shared_ptr<engine::testing::FakeEngineScript>> scripts_;
};

/// A request for a model whose answer can be waited for.
inline std::future<Result<Lease>> ask(Pool& pool, const ModelEntry& model,
                                      const std::optional<KeepAlive>& keep = {}) {
  auto answer = std::make_shared<std::promise<Result<Lease>>>();
  pool.acquire(
      model, [answer](Result<Lease> ready) { answer->set_value(std::move(ready)); }, {}, keep);
  return answer->get_future();
}
inline std::future<Result<Lease>> ask(Pool& pool, const std::string& model) {
  return ask(pool, ModelEntry{.id = model});
}

}  // namespace hearth::services::testing
