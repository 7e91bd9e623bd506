// What the engine tells about itself.
#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "engine/host/engine_loop.h"

namespace hearth::engine {
namespace {

constexpr std::chrono::milliseconds kDetailsEvery{100};
constexpr std::size_t kMostQueued = 32;

}  // namespace

// What a step held at most, and for whom. Made-up steps have no request, but take room as well.
void EngineLoop::note_memory(Work& work, const StepPlan& plan) {
  const StepRunner::Memory held = work.model.runner->memory();
  const std::uint64_t cache = std::min(held.cache_bytes, held.step_peak_bytes);
  work.memory.work_bytes = std::max(work.memory.work_bytes, held.step_peak_bytes - cache);
  for (const Slice& slice : plan.slices)
    if (const auto job = work.jobs.find(slice.sequence->id()); job != work.jobs.end())
      job->second.peak_bytes = std::max(job->second.peak_bytes, held.step_peak_bytes);
}

// Numbers after every step; lists, which cost more, a few times a second.
void EngineLoop::note_stats(Work& work) {
  SchedulerStats& latest = work.latest;
  const PageCacheStats cache = work.cache.stats();
  const SchedulerCounts& counts = work.scheduler.counts();
  latest.pages_cached = cache.cached;
  latest.pages_free = cache.free;
  const WindowPages& windows = work.cache.windows();
  latest.windows_used = windows.used();
  latest.windows_cached = windows.cached();
  latest.windows_free = windows.free();
  latest.windows_total = windows.total();
  latest.evictions = cache.evictions;
  latest.states_kept = cache.states_kept;
  latest.states_total = work.cache.options().states;
  latest.states_used = latest.states_total - cache.states_kept - cache.states_free;
  latest.lookup_tokens = counts.lookup_tokens;
  latest.hit_tokens = counts.hit_tokens;
  latest.preemptions = counts.preemptions;
  const base::Instant now = base::SteadyClock::now();
  if (work.scheduler.idle() || now >= work.details_due) {
    work.details_due = now + kDetailsEvery;
    note_details(work);
  }
  const StepRunner::Memory memory = work.model.runner->memory();
  work.memory.cache_bytes = memory.cache_bytes;
  work.memory.spare_bytes = memory.spare_bytes;
  const std::lock_guard lock(stats_mutex_);
  stats_.running = work.scheduler.running();
  stats_.waiting = work.scheduler.waiting() + work.keeper.awaiting();
  stats_.pages_used = work.cache.used();
  stats_.pages_total = work.cache.total();
  stats_.steps = work.steps;
  stats_.prompt_tokens = work.prompt_tokens;
  stats_.completion_tokens = work.completion_tokens;
  stats_.active_bytes = memory.active_bytes;
  stats_.peak_bytes = memory.peak_bytes;
  stats_.memory = work.memory;
  stats_.scheduler = latest;
  stats_.kernels = work.kernels;
}

void EngineLoop::note_details(Work& work) {
  SchedulerStats& latest = work.latest;
  const auto waiting = work.scheduler.waiting_by_priority();
  latest.waiting_by_priority.assign(waiting.begin(), waiting.end());
  latest.queue.clear();
  for (const Sequence* sequence : work.scheduler.queue(kMostQueued)) {
    const Job& job = work.jobs.at(sequence->id());
    latest.queue.push_back({.id = job.request_id,
                            .priority = job.standpoint.priority,
                            .prompt_tokens = sequence->prompt_tokens(),
                            .waited_ms = base::elapsed_ms(job.submitted)});
  }
  latest.step_times = work.pacer.times().table();
  work.kernels = work.model.runner->kernel_calls();
}

}  // namespace hearth::engine
