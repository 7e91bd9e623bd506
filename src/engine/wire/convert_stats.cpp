// Statistics as messages and back.
#include <algorithm>

#include "engine/wire/convert.h"

namespace hearth::engine::wire {
namespace {

Scheduler write_scheduler(const SchedulerStats& stats) {
  Scheduler message;
  for (const std::uint32_t waiting : stats.waiting_by_priority)
    message.add_waiting_by_priority(waiting);
  for (const QueuedRequest& request : stats.queue) {
    Queued& queued = *message.add_queue();
    queued.set_id(request.id);
    queued.set_priority(static_cast<std::uint32_t>(request.priority));
    queued.set_prompt_tokens(request.prompt_tokens);
    queued.set_waited_ms(request.waited_ms);
  }
  message.set_step_tokens(stats.step_tokens);
  message.set_step_decoding(stats.step_decoding);
  message.set_step_ms(stats.step_ms);
  message.set_pages_cached(stats.pages_cached);
  message.set_pages_free(stats.pages_free);
  message.set_windows_used(stats.windows_used);
  message.set_windows_cached(stats.windows_cached);
  message.set_windows_free(stats.windows_free);
  message.set_windows_total(stats.windows_total);
  message.set_lookup_tokens(stats.lookup_tokens);
  message.set_hit_tokens(stats.hit_tokens);
  message.set_evictions(stats.evictions);
  message.set_preemptions(stats.preemptions);
  message.set_states_used(stats.states_used);
  message.set_states_kept(stats.states_kept);
  message.set_states_total(stats.states_total);
  for (const engine::StepTime& time : stats.step_times) {
    StepTime& cell = *message.add_step_times();
    cell.set_tokens(time.tokens);
    cell.set_depth(time.depth);
    cell.set_ms(time.ms);
  }
  return message;
}

/// A priority that nobody knows counts as normal: statistics fail nothing.
Priority read_priority(std::uint32_t number) {
  return number <= static_cast<std::uint32_t>(Priority::Low) ? static_cast<Priority>(number)
                                                             : Priority::Normal;
}

SchedulerStats read_scheduler(const Scheduler& message) {
  SchedulerStats stats{.step_tokens = message.step_tokens(),
                       .step_decoding = message.step_decoding(),
                       .step_ms = message.step_ms(),
                       .pages_cached = message.pages_cached(),
                       .pages_free = message.pages_free(),
                       .windows_used = message.windows_used(),
                       .windows_cached = message.windows_cached(),
                       .windows_free = message.windows_free(),
                       .windows_total = message.windows_total(),
                       .lookup_tokens = message.lookup_tokens(),
                       .hit_tokens = message.hit_tokens(),
                       .evictions = message.evictions(),
                       .preemptions = message.preemptions(),
                       .states_used = message.states_used(),
                       .states_kept = message.states_kept(),
                       .states_total = message.states_total()};
  const int priorities = std::min(message.waiting_by_priority_size(),
                                  static_cast<int>(stats.waiting_by_priority.size()));
  for (int i = 0; i < priorities; ++i)
    stats.waiting_by_priority[static_cast<std::size_t>(i)] = message.waiting_by_priority(i);
  for (const Queued& queued : message.queue())
    stats.queue.push_back({.id = queued.id(),
                           .priority = read_priority(queued.priority()),
                           .prompt_tokens = queued.prompt_tokens(),
                           .waited_ms = queued.waited_ms()});
  for (const StepTime& cell : message.step_times())
    stats.step_times.push_back({cell.tokens(), cell.depth(), cell.ms()});
  return stats;
}

Memory write_memory(const MemoryStats& stats) {
  Memory message;
  message.set_cache(stats.cache_bytes);
  message.set_spare(stats.spare_bytes);
  message.set_work(stats.work_bytes);
  message.set_request(stats.request_bytes);
  message.set_largest_request(stats.largest_request_bytes);
  return message;
}

MemoryStats read_memory(const Memory& message) {
  return {.cache_bytes = message.cache(),
          .spare_bytes = message.spare(),
          .work_bytes = message.work(),
          .request_bytes = message.request(),
          .largest_request_bytes = message.largest_request()};
}

}  // namespace

Stats write_stats(const EngineStats& stats) {
  Stats message;
  message.set_running(stats.running);
  message.set_waiting(stats.waiting);
  message.set_pages_used(stats.pages_used);
  message.set_pages_total(stats.pages_total);
  message.set_steps(stats.steps);
  message.set_prompt_tokens(stats.prompt_tokens);
  message.set_completion_tokens(stats.completion_tokens);
  message.set_active_bytes(stats.active_bytes);
  message.set_peak_bytes(stats.peak_bytes);
  *message.mutable_memory() = write_memory(stats.memory);
  *message.mutable_scheduler() = write_scheduler(stats.scheduler);
  for (const engine::KernelCalls& calls : stats.kernels) {
    KernelCalls& written = *message.add_kernels();
    written.set_operation(calls.operation);
    written.set_path(calls.path);
    written.set_calls(calls.calls);
  }
  return message;
}

EngineStats read_stats(const Stats& message) {
  EngineStats stats{.running = message.running(),
                    .waiting = message.waiting(),
                    .pages_used = message.pages_used(),
                    .pages_total = message.pages_total(),
                    .steps = message.steps(),
                    .prompt_tokens = message.prompt_tokens(),
                    .completion_tokens = message.completion_tokens(),
                    .active_bytes = message.active_bytes(),
                    .peak_bytes = message.peak_bytes(),
                    .memory = read_memory(message.memory()),
                    .scheduler = read_scheduler(message.scheduler())};
  for (const KernelCalls& calls : message.kernels())
    stats.kernels.push_back({calls.operation(), calls.path(), calls.calls()});
  return stats;
}

}  // namespace hearth::engine::wire
