// The queue of conversions: who runs them, who is told, and what is kept over a restart.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/thread.h"
#include "services/conversions/conversion_job.h"
#include "services/conversions/conversion_queue.h"
#include "services/queue/published_list.h"
#include "store/conversions.h"

namespace hearth::services {

/// One conversion as it is now.
struct Conversion {
  store::ConversionRow row;
  JobProgress progress;  ///< of one that runs; else empty
};

/// All of them, in the order of the queue. Entries that are the same object have not changed.
using ConversionList = PublishedList<Conversion>::List;

/// What a running conversion asks and tells.
struct JobHooks {
  std::function<bool()> go_on;
  std::function<void(const JobProgress&)> progress;
};

/// What happens outside. Called on threads of the queue.
struct ConversionWorld {
  /// Runs one to its end, in another process. @returns what came out, as JSON; Cancelled where it
  /// was told to stop, Overloaded where it has to be tried later
  std::function<Result<std::string>(const store::ConversionRow&, const JobHooks&)> run;
  /// Memory for it until the object goes; Overloaded where it has to wait.
  std::function<Result<std::shared_ptr<void>>(const store::ConversionRow&)> reserve;
  /// Removes what an unfinished one has left.
  std::function<void(const store::ConversionRow&)> discard;
  /// A model is made.
  std::function<void(const store::ConversionRow&)> completed;
  /// After which one that had to wait is tried again.
  std::chrono::milliseconds try_again_after{2000};
};

/// Runs conversions, by default one after another. Every change is in the database before its
/// caller goes on. What changes something waits for the disk; list() and subscribe() never wait.
/// Any thread.
class Conversions {
 public:
  /// Reads the queue and goes on with what was interrupted.
  static Result<std::unique_ptr<Conversions>> open(store::Database& database, int at_once,
                                                   ConversionWorld world);
  /// Stops what runs, so that the next process goes on with it.
  ~Conversions();

  /// All of them, or none. One that is asked for already and has not ended is joined.
  /// @param wanted  as plan_conversion() makes them; ids and times are given here
  Result<std::vector<ConversionQueue::Added>> add(std::vector<store::ConversionRow> wanted);
  /// @param keep_partial  false: what is not whole is removed, at once or when it has stopped
  Result<void> cancel(const std::string& id, bool keep_partial);
  Result<void> retry(const std::string& id);
  Result<void> move(const std::string& id, std::size_t place);
  /// Takes one that has ended from the list.
  Result<void> forget(const std::string& id);

  std::shared_ptr<const ConversionList> list() const { return published_.list(); }
  /// Null for an unknown id.
  std::shared_ptr<const Conversion> find(const std::string& id) const {
    return published_.find(id);
  }
  /// Calls `wake` after each change of list().
  [[nodiscard]] Subscription subscribe(Subscribers::Wake wake) {
    return published_.subscribe(std::move(wake));
  }

 private:
  Conversions(store::Database& database, ConversionWorld world, ConversionQueue queue);
  Result<void> change(const std::function<Result<void>()>& edit);
  void note(const store::ConversionRow& row, const std::function<void()>& edit);
  Result<void> save();
  void publish();
  void work();
  void attempt(const store::ConversionRow& row);
  Result<std::string> run(const store::ConversionRow& row);
  void put_off(const store::ConversionRow& row, const Error& why);
  void end(const store::ConversionRow& row, const Result<std::string>& how);

  store::Conversions table_;
  ConversionWorld world_;

  std::mutex mutex_;
  std::condition_variable news_;
  ConversionQueue queue_;                        // guarded by mutex_, as all up to the next line
  std::map<std::string, JobProgress> progress_;  // of those that run
  std::set<std::string> discard_;                // when they have stopped
  bool closing_ = false;

  PublishedList<Conversion> published_;

  std::vector<base::Thread> threads_;
};

}  // namespace hearth::services
