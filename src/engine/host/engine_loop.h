// The engine thread: one loop that plans, computes, draws and publishes, for ever.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "base/thread.h"
#include "engine/engine.h"
#include "engine/host/job.h"
#include "engine/host/loop_options.h"
#include "engine/host/prompt_keeper.h"
#include "engine/host/publisher.h"
#include "engine/host/step_pacer.h"
#include "engine/host/step_rows.h"
#include "engine/page_cache.h"
#include "engine/scheduler.h"
#include "engine/step_runner.h"

namespace hearth::engine {

/// A model as the engine thread holds it.
struct LoadedModel {
  std::unique_ptr<StepRunner> runner;
  ModelInfo info;
  std::uint32_t pages = 0;     ///< of the KV cache
  WindowOptions windows = {};  ///< pages of layers with a window, where these have their own
  std::uint32_t states = 0;    ///< slots for recurrent states; 0: the model keeps none
  /// Prompts of more tokens share no pages with shorter ones; 0: all share.
  std::uint32_t stretched_beyond = 0;
  std::string device = {};  ///< what step times depend on, beside the model
  /// All that decides what is computed, beside the model's files; of saved prompts it must be
  /// equal.
  std::string identity = {};
};

/// Loads the model; called once, on the engine thread, which alone touches the device.
using LoadModel = std::function<Result<LoadedModel>()>;

/// What other threads tell the engine thread.
struct StartJob {
  Job job;
};
struct DropJob {
  SequenceId id;
};
struct LookUp {};  ///< the disk has news
using LoopMessage = std::variant<StartJob, DropJob, LookUp>;
using LoopMailbox = base::Mailbox<LoopMessage>;

/// Owns the thread and all that lives on it. The loop never waits for a client: what a step brought
/// is posted to the publisher. After a step that fails its requests are computed anew one by one,
/// and the one that fails again gets the error.
class EngineLoop {
 public:
  /// Starts the thread, which loads the model. @param publisher  must outlive the loop
  EngineLoop(LoopOptions options, LoadModel load, Publisher& publisher,
             std::shared_ptr<LoopMailbox> mailbox);
  /// Fails what still runs and unloads the model.
  ~EngineLoop();

  /// Blocks until the model is loaded or refused. Once.
  Result<ModelInfo> await_model();

  /// As of the latest step. Any thread.
  EngineStats stats() const;

 private:
  // What exists while a model is loaded; all of it on the engine thread.
  struct Work {
    Work(LoadedModel loaded, const LoopOptions& options, std::function<void()> wake);
    LoadedModel model;
    PageCache cache;
    Scheduler scheduler;
    StepPacer pacer;
    std::unordered_map<SequenceId, Job> jobs;
    std::uint64_t steps = 0;
    std::uint64_t prompt_tokens = 0;
    std::uint64_t completion_tokens = 0;
    double request_s = 1;  ///< what requests took lately, once they ran
    SchedulerStats latest;
    MemoryStats memory;
    std::vector<KernelCalls> kernels;
    base::Instant details_due{};
    std::chrono::milliseconds rest_after;
    PromptKeeper keeper;
  };

  void run(const LoopOptions& options, const LoadModel& load);
  void serve(Work& work);
  std::optional<LoopMessage> await_message(Work& work);
  void handle(Work& work, LoopMessage message);
  void start(Work& work, Job job);
  void enter_queue(Work& work, Newcomer newcomer);
  void tend_prompts(Work& work);
  void lose_pages(Work& work, const Error& why);
  void refuse(Work& work, const Job& job, Error error);
  void step(Work& work);
  bool try_out(Work& work);
  void tell_expired(Work& work, const StepPlan& plan, StepNews& news);
  void report_progress(Work& work, const StepPlan& plan, StepRows& rows, StepNews& news);
  void accept(Work& work, DrawnToken drawn, StepNews& news);
  void fail_step(Work& work, const StepPlan& plan, const Error& error, StepNews& news);
  void end(Work& work, SequenceId id);
  void fail_all(Work& work);
  void note_memory(Work& work, const StepPlan& plan);
  void note_stats(Work& work);
  void note_details(Work& work);
  double now_s() const;

  base::Instant born_ = base::SteadyClock::now();
  Publisher& publisher_;
  std::shared_ptr<LoopMailbox> mailbox_;
  base::Mailbox<Result<ModelInfo>> loaded_;
  mutable std::mutex stats_mutex_;
  EngineStats stats_;  // guarded by stats_mutex_
  base::Thread thread_;
};

}  // namespace hearth::engine
