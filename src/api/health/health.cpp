// /healthz, /readyz and /metrics.
#include "api/health/health.h"

#include <fmt/format.h>

#include "base/json.h"

namespace hearth::api::health {

http::Route alive() {
  return {http::Method::Get, "/healthz",
          [](const http::Request&) { return http::json(R"({"status":"ok"})"); }};
}

http::Route ready(const Services& services) {
  return {http::Method::Get, "/readyz", [&pool = services.pool](const http::Request&) {
            json::array models;
            bool loading = false;
            for (const auto& model : pool.list()) {
              loading |= model.state == services::ModelState::Loading;
              models.push_back(json::object{{"id", model.id},
                                            {"state", services::name(model.state)},
                                            {"progress", model.progress},
                                            {"process", model.process},
                                            {"running", model.stats.running},
                                            {"waiting", model.stats.waiting},
                                            {"context_length", model.info.context_length}});
            }
            const json::object body{{"status", loading ? "loading" : "ready"}, {"models", models}};
            return http::json(base::write_json(body), loading ? 503 : 200);
          }};
}

http::Route metrics(const Services& services) {
  return {http::Method::Get, "/metrics",
          [&services = services.metrics, &pool = services.pool](const http::Request&) {
            http::Response response = http::text(services.text(pool.list()));
            response.headers.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
            return response;
          }};
}

}  // namespace hearth::api::health
