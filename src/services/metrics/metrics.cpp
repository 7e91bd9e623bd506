// The metrics, on prometheus-cpp's core.
#include "services/metrics/metrics.h"

#include <map>
#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sstream>
#include <utility>

namespace hearth::services {
namespace {

using prometheus::Histogram;
using GaugeFamily = prometheus::Family<prometheus::Gauge>;

const Histogram::BucketBoundaries kSeconds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                              1,     2.5,  5,     10,   30,  60,   300};

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;

  prometheus::Family<prometheus::Counter>& http = prometheus::BuildCounter()
                                                      .Name("hearth_http_requests_total")
                                                      .Help("Finished HTTP requests")
                                                      .Register(registry);
  prometheus::Family<Histogram>& http_seconds =
      prometheus::BuildHistogram()
          .Name("hearth_http_request_duration_seconds")
          .Help("From the request's first byte to the answer's last")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& generations = prometheus::BuildCounter()
                                                             .Name("hearth_generations_total")
                                                             .Help("Generations by outcome")
                                                             .Register(registry);
  prometheus::Family<prometheus::Counter>& failures = prometheus::BuildCounter()
                                                          .Name("hearth_generation_failures_total")
                                                          .Help("Failed generations by reason")
                                                          .Register(registry);
  prometheus::Family<prometheus::Counter>& tokens = prometheus::BuildCounter()
                                                        .Name("hearth_tokens_total")
                                                        .Help("Tokens read and written")
                                                        .Register(registry);
  Histogram& first_token = prometheus::BuildHistogram()
                               .Name("gen_ai_server_time_to_first_token_seconds")
                               .Help("From the request to its first token")
                               .Register(registry)
                               .Add({}, kSeconds);
  Histogram& duration = prometheus::BuildHistogram()
                            .Name("gen_ai_server_request_duration_seconds")
                            .Help("From the request to its last token")
                            .Register(registry)
                            .Add({}, kSeconds);
  prometheus::Family<prometheus::Gauge>& model_requests =
      prometheus::BuildGauge()
          .Name("hearth_model_requests")
          .Help("Requests that run or wait in a model")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& model_pages = prometheus::BuildGauge()
                                                           .Name("hearth_model_kv_pages")
                                                           .Help("Pages of the KV cache")
                                                           .Register(registry);
  prometheus::Family<prometheus::Gauge>& model_prefix =
      prometheus::BuildGauge()
          .Name("hearth_model_prefix_tokens")
          .Help("Prompt tokens since the load: looked up in the prefix cache, and found there")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& model_bytes =
      prometheus::BuildGauge()
          .Name("hearth_model_memory_bytes")
          .Help("Memory that a model's worker holds on its device")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& model_kernels =
      prometheus::BuildGauge()
          .Name("hearth_model_kernel_calls")
          .Help("Operations that a model's worker computed, by the path that computed them")
          .Register(registry);
  prometheus::Gauge& loaded = prometheus::BuildGauge()
                                  .Name("hearth_models_loaded")
                                  .Help("Models in memory")
                                  .Register(registry)
                                  .Add({});

  std::mutex mutex;  // one /metrics at a time: the gauges of models are set anew for each
  std::vector<std::pair<GaugeFamily*, prometheus::Gauge*>> shown;  // guarded by mutex

  void show(GaugeFamily& family, const std::map<std::string, std::string>& labels, double value) {
    prometheus::Gauge& gauge = family.Add(labels);
    gauge.Set(value);
    shown.emplace_back(&family, &gauge);
  }
  /// An unloaded model must not stay in the list with its last values.
  void forget_models() {
    for (const auto& [family, gauge] : shown) family->Remove(gauge);
    shown.clear();
  }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::http_finished(const HttpObservation& seen) {
  const std::string status = seen.client_left ? "client_left" : std::to_string(seen.status);
  families_->http.Add({{"route", seen.route}, {"status", status}}).Increment();
  families_->http_seconds.Add({{"route", seen.route}}, kSeconds).Observe(seen.duration_ms / 1000);
}

void Metrics::generation_started() {
  families_->generations.Add({{"outcome", "started"}}).Increment();
}

void Metrics::first_token(double ms) {
  families_->first_token.Observe(ms / 1000);
}

void Metrics::generation_finished(const engine::Usage& usage, double duration_ms) {
  families_->generations.Add({{"outcome", "finished"}}).Increment();
  families_->tokens.Add({{"type", "prompt"}}).Increment(usage.prompt_tokens);
  families_->tokens.Add({{"type", "cached"}}).Increment(usage.cached_tokens);
  families_->tokens.Add({{"type", "completion"}}).Increment(usage.completion_tokens);
  families_->duration.Observe(duration_ms / 1000);
}

void Metrics::generation_failed(base::ErrorCode code) {
  families_->generations.Add({{"outcome", "failed"}}).Increment();
  families_->failures.Add({{"reason", std::string(base::name(code))}}).Increment();
}

void Metrics::generation_cancelled() {
  families_->generations.Add({{"outcome", "cancelled"}}).Increment();
}

std::string Metrics::text(const std::vector<LoadedModel>& models) const {
  Families& all = *families_;
  const std::lock_guard lock(all.mutex);
  all.forget_models();
  double loaded = 0;
  for (const LoadedModel& model : models) {
    if (model.state != ModelState::Loaded) continue;
    ++loaded;
    all.show(all.model_requests, {{"model", model.id}, {"state", "running"}}, model.stats.running);
    all.show(all.model_requests, {{"model", model.id}, {"state", "waiting"}}, model.stats.waiting);
    all.show(all.model_pages, {{"model", model.id}, {"state", "used"}}, model.stats.pages_used);
    all.show(all.model_pages, {{"model", model.id}, {"state", "total"}}, model.stats.pages_total);
    const engine::SchedulerStats& scheduler = model.stats.scheduler;
    all.show(all.model_pages, {{"model", model.id}, {"state", "cached"}}, scheduler.pages_cached);
    all.show(all.model_pages, {{"model", model.id}, {"state", "window_used"}},
             scheduler.windows_used);
    all.show(all.model_pages, {{"model", model.id}, {"state", "window_total"}},
             scheduler.windows_total);
    all.show(all.model_prefix, {{"model", model.id}, {"state", "looked_up"}},
             static_cast<double>(scheduler.lookup_tokens));
    all.show(all.model_prefix, {{"model", model.id}, {"state", "found"}},
             static_cast<double>(scheduler.hit_tokens));
    for (const engine::KernelCalls& calls : model.stats.kernels)
      all.show(all.model_kernels,
               {{"model", model.id}, {"operation", calls.operation}, {"path", calls.path}},
               static_cast<double>(calls.calls));
    all.show(all.model_bytes, {{"model", model.id}}, static_cast<double>(model.stats.active_bytes));
  }
  all.loaded.Set(loaded);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all.registry.Collect());
  return out.str();
}

}  // namespace hearth::services
