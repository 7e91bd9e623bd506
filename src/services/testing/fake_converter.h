// For tests: conversions whose every step the test decides.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/conversions/conversions.h"

namespace hearth::services::testing {

/// Each conversion says that it converts 100 numbers, then waits for what the test says of it.
class FakeConverter {
 public:
  ConversionWorld world() {
    return {.run = [this](const store::ConversionRow& row,
                          const JobHooks& hooks) { return run(row, hooks); },
            .reserve = [this](const store::ConversionRow& row) { return reserve(row); },
            .discard = [this](const store::ConversionRow& row) { note(discarded, row.model); },
            .completed = [this](const store::ConversionRow& row) { note(completed, row.model); },
            .try_again_after = std::chrono::milliseconds(5)};
  }

  /// So many numbers of a model are converted now.
  void bring(const std::string& model, std::uint64_t numbers) {
    const std::lock_guard lock(mutex_);
    brought_[model] = numbers;
    news_.notify_all();
  }
  void end(const std::string& model, Result<std::string> how = R"({"bits_per_weight":4.5})") {
    const std::lock_guard lock(mutex_);
    ended_.insert_or_assign(model, std::move(how));
    news_.notify_all();
  }
  /// Whether there is memory for one more.
  void set_room(bool room) {
    const std::lock_guard lock(mutex_);
    room_ = room;
  }
  /// Conversions that hold memory.
  int holding() const {
    const std::lock_guard lock(mutex_);
    return holding_;
  }
  std::vector<std::string> seen(const std::vector<std::string>& list) const {
    const std::lock_guard lock(mutex_);
    return list;
  }

  std::vector<std::string> started;    // read with seen(); "again" after the name where it goes on
  std::vector<std::string> discarded;  // read with seen()
  std::vector<std::string> completed;  // read with seen()

 private:
  void note(std::vector<std::string>& list, const std::string& what) {
    const std::lock_guard lock(mutex_);
    list.push_back(what);
  }

  Result<std::shared_ptr<void>> reserve(const store::ConversionRow& row) {
    const std::lock_guard lock(mutex_);
    if (!room_) return fail(ErrorCode::Overloaded, "no memory for {}", row.model);
    ++holding_;
    return std::shared_ptr<void>(this, [this](void*) {
      const std::lock_guard lock_too(mutex_);
      --holding_;
    });
  }

  Result<std::string> run(const store::ConversionRow& row, const JobHooks& hooks) {
    note(started, row.model + (row.begun ? " again" : ""));
    JobProgress progress{.phase = "converting", .all = 100};
    while (hooks.go_on()) {
      hooks.progress(progress);
      std::unique_lock lock(mutex_);
      if (const auto end = ended_.find(row.model); end != ended_.end()) {
        auto how = std::move(end->second);
        ended_.erase(end);
        return how;
      }
      news_.wait_for(lock, std::chrono::milliseconds(1));
      progress.done = brought_[row.model];
    }
    return fail(ErrorCode::Cancelled, "stopped");
  }

  mutable std::mutex mutex_;
  std::condition_variable news_;
  bool room_ = true;
  int holding_ = 0;
  std::map<std::string, std::uint64_t> brought_;
  std::map<std::string, Result<std::string>> ended_;
};

}  // namespace hearth::services::testing
