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

json::object entry(const services::LoadedModel& model) {
  json::object out{{"id", model.id},
                   {"state", services::name(model.state)},
                   {"progress", model.progress},
                   {"process", model.process}};
  if (model.state != services::ModelState::Loaded) return out;
  const engine::EngineStats& stats = model.stats;
  out["idle_s"] = model.idle_s;
  out["model"] = facts(model.info);
  out["queue"] = json::object{{"running", stats.running}, {"waiting", stats.waiting}};
  out["pages"] = json::object{{"used", stats.pages_used}, {"total", stats.pages_total}};
  out["totals"] = json::object{{"steps", stats.steps},
                               {"prompt_tokens", stats.prompt_tokens},
                               {"completion_tokens", stats.completion_tokens}};
  out["memory"] =
      json::object{{"active_bytes", stats.active_bytes}, {"peak_bytes", stats.peak_bytes}};
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
