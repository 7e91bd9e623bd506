// GET /admin/api/engine, drawn from what the workers report about once a second.
#include "api/admin/engine.h"

#include "base/json.h"

namespace hearth::api::admin {
namespace {

json::object facts(const engine::ModelInfo& info) {
  return {{"architecture", info.architecture},     {"quantization", info.quantisation},
          {"parameters", info.parameters},         {"weight_bytes", info.weight_bytes},
          {"context_length", info.context_length}, {"fingerprint", info.fingerprint}};
}

std::string_view priority_word(engine::Priority priority) {
  switch (priority) {
    case engine::Priority::High:
      return "high";
    case engine::Priority::Normal:
      return "normal";
    case engine::Priority::Low:
      return "low";
  }
  return "normal";
}

json::object queue(const engine::EngineStats& stats) {
  const engine::SchedulerStats& scheduler = stats.scheduler;
  json::object by_priority;
  for (std::size_t i = 0; i < scheduler.waiting_by_priority.size(); ++i)
    by_priority[priority_word(static_cast<engine::Priority>(i))] = scheduler.waiting_by_priority[i];
  json::array next;
  for (const auto& request : scheduler.queue)
    next.push_back(json::object{{"id", request.id},
                                {"priority", priority_word(request.priority)},
                                {"prompt_tokens", request.prompt_tokens},
                                {"waited_ms", request.waited_ms}});
  return {{"running", stats.running},
          {"waiting", stats.waiting},
          {"waiting_by_priority", std::move(by_priority)},
          {"next", std::move(next)},
          {"preemptions", scheduler.preemptions}};
}

json::object cache(const engine::SchedulerStats& scheduler) {
  const auto looked_up = static_cast<double>(scheduler.lookup_tokens);
  const auto hit = static_cast<double>(scheduler.hit_tokens);
  return {{"lookup_tokens", scheduler.lookup_tokens},
          {"hit_tokens", scheduler.hit_tokens},
          {"hit_rate", looked_up > 0 ? hit / looked_up : 0},
          {"evictions", scheduler.evictions}};
}

json::array step_times(const engine::SchedulerStats& scheduler) {
  json::array table;
  for (const auto& cell : scheduler.step_times)
    table.push_back(json::object{{"tokens", cell.tokens}, {"depth", cell.depth}, {"ms", cell.ms}});
  return table;
}

json::array kernels(const engine::EngineStats& stats) {
  json::array list;
  for (const engine::KernelCalls& calls : stats.kernels)
    list.push_back(
        json::object{{"operation", calls.operation}, {"path", calls.path}, {"calls", calls.calls}});
  return list;
}

json::object memory(const engine::EngineStats& stats) {
  const engine::MemoryStats& memory = stats.memory;
  return {{"active_bytes", stats.active_bytes},
          {"peak_bytes", stats.peak_bytes},
          {"cache_bytes", memory.cache_bytes},
          {"spare_bytes", memory.spare_bytes},
          {"work_bytes", memory.work_bytes},
          {"request_bytes", memory.request_bytes},
          {"largest_request_bytes", memory.largest_request_bytes}};
}

json::object entry(const services::LoadedModel& model) {
  json::object out{{"id", model.id},
                   {"state", services::name(model.state)},
                   {"progress", model.state == services::ModelState::Loaded ? 1 : model.progress},
                   {"process", model.process}};
  if (model.state != services::ModelState::Loaded) return out;
  const engine::EngineStats& stats = model.stats;
  out["idle_s"] = model.idle_s;
  out["model"] = facts(model.info);
  const engine::SchedulerStats& scheduler = stats.scheduler;
  out["queue"] = queue(stats);
  out["batch"] = json::object{{"tokens", scheduler.step_tokens},
                              {"decoding", scheduler.step_decoding},
                              {"step_ms", scheduler.step_ms}};
  out["pages"] = json::object{{"used", stats.pages_used},
                              {"cached", scheduler.pages_cached},
                              {"free", scheduler.pages_free},
                              {"total", stats.pages_total}};
  out["window_pages"] = json::object{{"used", scheduler.windows_used},
                                     {"cached", scheduler.windows_cached},
                                     {"free", scheduler.windows_free},
                                     {"total", scheduler.windows_total}};
  out["cache"] = cache(scheduler);
  out["states"] = json::object{{"used", scheduler.states_used},
                               {"kept", scheduler.states_kept},
                               {"total", scheduler.states_total}};
  out["step_times"] = step_times(scheduler);
  out["totals"] = json::object{{"steps", stats.steps},
                               {"prompt_tokens", stats.prompt_tokens},
                               {"completion_tokens", stats.completion_tokens}};
  out["memory"] = memory(stats);
  out["kernels"] = kernels(stats);
  return out;
}

}  // namespace

http::Route engine(const Services& services) {
  return {http::Method::Get, "/admin/api/engine", [&pool = services.pool](const http::Request&) {
            json::array models;
            for (const auto& model : pool.list()) models.push_back(entry(model));
            return http::json(base::write_json(json::object{{"models", std::move(models)}}));
          }};
}

}  // namespace hearth::api::admin
