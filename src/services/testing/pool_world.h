// A pool in a world that a test plays: its clock, its machine's memory, what it keeps.
#pragma once

#include <atomic>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/testing/fake_workers.h"
#include "services/testing/sizes.h"

namespace hearth::services::testing {

/// So much memory for models, and of it so much for each one's keys and values: a fixed size keeps
/// the sums simple.
inline PoolOptions fixed_budget(std::uint64_t gb, std::uint64_t kv_gb = 0) {
  return {.limits = {.rules = {.budget_bytes = gb * kGb}}, .kv = {.fixed_bytes = kv_gb * kGb}};
}

/// Time stands still unless a test moves it; nothing happens by itself but loads.
class FakePool {
 public:
  explicit FakePool(PoolOptions options) : pool_(std::move(options), world()) {}
  ~FakePool() { pool_.close(); }

  Pool* operator->() { return &pool_; }
  Pool& operator*() { return pool_; }

  void pass(std::chrono::milliseconds time) {
    now_ = now_.load() + time;
    pool_.tick();
  }
  /// Loads a model of so many bytes, and lets go of it.
  Result<void> use(const std::string& model, std::uint64_t bytes = 0,
                   const std::optional<KeepAlive>& keep = {}) {
    const auto answer = ask(pool_, entry(model, bytes), keep).get();
    if (!answer) return fail(answer.error());
    return {};
  }
  /// The same, holding on to it.
  Lease hold(const std::string& model, std::uint64_t bytes = 0) {
    auto answer = ask(pool_, entry(model, bytes)).get();
    EXPECT_TRUE(answer.has_value()) << answer.error().message;
    return answer.value_or(nullptr);
  }
  static ModelEntry entry(const std::string& model, std::uint64_t bytes) {
    return {.id = model, .bytes = bytes, .weight_bytes = bytes};
  }
  /// What the system says that a worker holds.
  void set_resident(std::uint64_t bytes) { resident_ = bytes; }
  /// What people set for a model.
  void set_wishes(const std::string& model, const ModelWishes& wishes) {
    const std::lock_guard lock(mutex_);
    wishes_.insert_or_assign(model, wishes);
  }
  void set_pressed(bool pressed) { pressed_ = pressed; }
  /// The latest that was kept of a model.
  store::PoolModel kept(const std::string& model) const {
    const std::lock_guard lock(mutex_);
    const auto row = kept_.find(model);
    return row == kept_.end() ? store::PoolModel{} : row->second;
  }
  LoadedModel seen(const std::string& model) const {
    for (LoadedModel& one : pool_.list())
      if (one.id == model) return std::move(one);
    return {};
  }
  std::uint64_t planned() const {
    std::uint64_t sum = 0;
    for (const LoadedModel& one : pool_.list()) sum += one.memory.planned_bytes;
    return sum;
  }

  FakeWorkers workers;

 private:
  PoolWorld world() {
    return {.start = workers.starter(),
            .now = [this] { return now_.load(); },
            .resident = [this](std::int64_t) { return resident_.load(); },
            .wishes =
                [this](const ModelEntry& model) {
                  const std::lock_guard lock(mutex_);
                  const auto wishes = wishes_.find(model.id);
                  return wishes == wishes_.end() ? ModelWishes{} : wishes->second;
                },
            .pressed = [this] { return pressed_.load(); },
            .keep =
                [this](const store::PoolModel& row) {
                  const std::lock_guard lock(mutex_);
                  kept_.insert_or_assign(row.model, row);
                }};
  }

  std::atomic<base::Instant> now_ = base::Instant(std::chrono::hours(1));
  std::atomic<std::uint64_t> resident_ = 0;
  std::atomic<bool> pressed_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, store::PoolModel> kept_;  // guarded by mutex_
  std::map<std::string, ModelWishes> wishes_;     // guarded by mutex_
  Pool pool_;
};

}  // namespace hearth::services::testing
