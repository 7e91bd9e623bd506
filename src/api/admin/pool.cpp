// Limits in and out, and who is in memory.
#include "api/admin/pool.h"

#include <boost/describe.hpp>
#include <cmath>
#include <optional>

#include "api/admin/in_background.h"
#include "base/decode.h"
#include "platform/machine.h"
#include "services/pool/memory_budget.h"

namespace hearth::api::admin {
namespace wire {

struct NewLimits {
  std::optional<std::string> memory;
  std::optional<std::uint32_t> max_loaded;
  std::optional<std::string> eviction;
  std::optional<json::value> keep_alive;
};
BOOST_DESCRIBE_STRUCT(NewLimits, (), (memory, max_loaded, eviction, keep_alive))

struct Evict {
  std::optional<std::uint64_t> bytes;
};
BOOST_DESCRIBE_STRUCT(Evict, (), (bytes))

}  // namespace wire

namespace {

constexpr std::uint32_t kMostLoaded = 64;

json::object describe_memory(const services::ModelMemory& memory) {
  return {{"planned_bytes", memory.planned_bytes},
          {"kv_bytes", memory.kv_bytes},
          {"measured_bytes", memory.measured_bytes},
          {"peak_bytes", memory.peak_bytes}};
}

json::value seconds(const std::optional<double>& value) {
  return value ? json::value(std::round(*value)) : json::value();
}

json::object describe_pool(const services::Pool& pool) {
  const services::PoolLimits limits = pool.limits();
  const std::uint64_t total = platform::memory().total_bytes;
  const std::uint64_t budget = limits.rules.budget_bytes;
  std::uint64_t planned = 0;
  std::uint64_t measured = 0;
  json::array models;
  for (const services::LoadedModel& model : pool.list()) {
    planned += model.memory.planned_bytes;
    measured += model.memory.measured_bytes;
    models.push_back(describe(model));
  }
  return {{"limits", json::object{{"memory_bytes", budget},
                                  {"memory_percent", services::percent_of(budget, total)},
                                  {"max_loaded", limits.rules.max_loaded},
                                  {"eviction", services::name(limits.rules.eviction)},
                                  {"keep_alive", services::keep_alive_text(limits.idle)}}},
          {"memory", json::object{{"planned_bytes", planned},
                                  {"measured_bytes", measured},
                                  {"available_bytes", platform::memory().available_bytes},
                                  {"total_bytes", total}}},
          {"models", std::move(models)}};
}

/// An error of one field.
std::unexpected<Error> wrong(std::string path, std::string message) {
  return fail(base::fold({{.path = std::move(path), .message = std::move(message)}}));
}

Result<services::PoolLimits> read_limits(const std::string& body, services::PoolLimits limits) {
  const auto wanted = TRY(base::decode<wire::NewLimits>(TRY(base::parse_json(body))));
  if (wanted.memory) {
    const auto budget =
        services::parse_memory_budget(*wanted.memory, platform::memory().total_bytes);
    if (!budget) return wrong("memory", budget.error().message);
    limits.rules.budget_bytes = *budget;
  }
  if (wanted.max_loaded) {
    if (*wanted.max_loaded > kMostLoaded)
      return wrong("max_loaded", fmt::format("must be at most {}; 0: no limit", kMostLoaded));
    limits.rules.max_loaded = *wanted.max_loaded;
  }
  if (wanted.eviction) {
    const auto eviction = services::eviction_named(*wanted.eviction);
    if (!eviction) return wrong("eviction", "must be lru, lfu or ttl");
    limits.rules.eviction = *eviction;
  }
  if (wanted.keep_alive) {
    const auto keep = services::read_keep_alive(*wanted.keep_alive);
    if (!keep) return wrong("keep_alive", keep.error().message);
    limits.idle = *keep;
  }
  return limits;
}

http::Handler show(const Services& services) {
  return [services](const http::Request&) {
    return in_background(services.tasks, [services](const auto&) {
      return http::json(base::write_json(describe_pool(services.pool)));
    });
  };
}

http::Response change(const Services& services, const http::Request& request) {
  const auto limits = read_limits(request.body, services.pool.limits());
  if (!limits) return write_error(request, limits.error());
  services.pool.set_limits(*limits);
  return http::json(base::write_json(describe_pool(services.pool)));
}

http::Response evict(const Services& services, const http::Request& request) {
  const auto wanted = [&]() -> Result<wire::Evict> {
    if (request.body.empty()) return wire::Evict{};
    return base::decode<wire::Evict>(TRY(base::parse_json(request.body)));
  }();
  if (!wanted) return write_error(request, wanted.error());
  const auto gone = services.pool.evict(wanted->bytes.value_or(0));
  return http::json(base::write_json(json::object{{"unloaded", json::value_from(gone)}}));
}

}  // namespace

json::object describe(const services::LoadedModel& model, bool steady) {
  json::object out{{"id", model.id},
                   {"state", services::name(model.state)},
                   {"progress", model.state == services::ModelState::Loaded ? 1 : model.progress},
                   {"process", model.process},
                   {"context_length", model.info.context_length},
                   {"memory", describe_memory(model.memory)},
                   {"users", model.users},
                   {"uses", model.uses},
                   {"running", model.stats.running},
                   {"waiting", model.stats.waiting},
                   {"pinned", model.pinned},
                   {"preload", model.preload},
                   {"leaving", model.leaving},
                   {"error", model.error}};
  if (steady) return out;
  out["idle_s"] = std::round(model.idle_s);
  out["expires_s"] = seconds(model.expires_s);
  out["retry_s"] = std::ceil(model.retry_s);
  return out;
}

http::Route show_pool(const Services& services) {
  return {http::Method::Get, "/admin/api/pool", show(services)};
}

http::Route manager_status(const Services& services) {
  return {http::Method::Get, "/v1/manager/status", show(services)};
}

http::Route change_pool(const Services& services) {
  return {http::Method::Put, "/admin/api/pool", [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              return change(services, request);
            });
          }};
}

http::Route evict_models(const Services& services) {
  return {http::Method::Post, "/admin/api/models/evict", [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              return evict(services, request);
            });
          }};
}

}  // namespace hearth::api::admin
