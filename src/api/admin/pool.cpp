// Limits in and out, and who is in memory.
#include "api/admin/pool.h"

#include <boost/describe.hpp>
#include <cmath>
#include <optional>

#include "api/admin/difference_events.h"
#include "api/admin/in_background.h"
#include "api/admin/problem.h"
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
/// Of the settings that the limits are.
constexpr std::string_view kSettings = "pool.";

json::object describe_memory(const services::ModelMemory& memory) {
  return {{"planned_bytes", memory.planned_bytes},
          {"kv_bytes", memory.kv_bytes},
          {"measured_bytes", memory.measured_bytes},
          {"peak_bytes", memory.peak_bytes}};
}

json::value seconds(const std::optional<double>& value) {
  return value ? json::value(std::round(*value)) : json::value();
}

json::array changed_limits(const services::LiveLimits& limits) {
  json::array names;
  for (const std::string_view key : limits.changed())
    names.emplace_back(key.substr(kSettings.size()));
  return names;
}

json::object describe_pool(const Services& services) {
  const services::PoolLimits limits = services.pool.limits();
  const std::uint64_t total = platform::memory().total_bytes;
  const std::uint64_t budget = limits.rules.budget_bytes;
  std::uint64_t planned = 0;
  std::uint64_t measured = 0;
  json::array models;
  for (const services::LoadedModel& model : services.pool.list()) {
    planned += model.memory.planned_bytes;
    measured += model.memory.measured_bytes;
    models.push_back(describe(model));
  }
  json::array reserved;
  for (const auto& [what, bytes] : services.pool.reserved()) {
    planned += bytes;
    reserved.push_back(json::object{{"what", what}, {"bytes", bytes}});
  }
  return {{"limits", json::object{{"memory_bytes", budget},
                                  {"memory_percent", services::percent_of(budget, total)},
                                  {"max_loaded", limits.rules.max_loaded},
                                  {"eviction", services::name(limits.rules.eviction)},
                                  {"keep_alive", services::keep_alive_text(limits.idle)},
                                  {"changed", changed_limits(services.limits)}}},
          {"memory", json::object{{"planned_bytes", planned},
                                  {"measured_bytes", measured},
                                  {"available_bytes", platform::memory().available_bytes},
                                  {"total_bytes", total}}},
          {"reserved", std::move(reserved)},
          {"models", std::move(models)}};
}

/// A value as its setting takes it; each is checked here, so that errors name the field.
Result<services::LiveLimits::Changes> read_changes(const std::string& body) {
  const json::value value = TRY(base::parse_json(body));
  const auto wanted = TRY(base::decode<wire::NewLimits>(value));
  services::LiveLimits::Changes changes;
  if (wanted.memory) {
    const auto budget =
        services::parse_memory_budget(*wanted.memory, platform::memory().total_bytes);
    if (!budget) return wrong_field("memory", budget.error().message);
    changes["pool.memory"] = *wanted.memory;
  }
  if (wanted.max_loaded) {
    if (*wanted.max_loaded > kMostLoaded)
      return wrong_field("max_loaded", fmt::format("must be at most {}; 0: no limit", kMostLoaded));
    changes["pool.max_loaded"] = std::to_string(*wanted.max_loaded);
  }
  if (wanted.eviction) {
    if (!services::eviction_named(*wanted.eviction))
      return wrong_field("eviction", "must be lru, lfu or ttl");
    changes["pool.eviction"] = *wanted.eviction;
  }
  if (wanted.keep_alive) {
    const auto keep = services::read_keep_alive(*wanted.keep_alive);
    if (!keep) return wrong_field("keep_alive", keep.error().message);
    const auto* text = wanted.keep_alive->if_string();
    changes["pool.keep_alive"] = text ? std::string(*text) : services::keep_alive_text(*keep);
  }
  for (const std::string_view name : {"memory", "max_loaded", "eviction", "keep_alive"})
    if (const auto* given = value.get_object().if_contains(name); given && given->is_null())
      changes[fmt::format("{}{}", kSettings, name)] = std::nullopt;
  return changes;
}

http::Handler pool_handler(const Services& services) {
  return [services](const http::Request&) {
    return in_background(services.tasks, [services](const auto&) {
      return http::json(base::write_json(describe_pool(services)));
    });
  };
}

http::Response change_limits(const Services& services, const http::Request& request) {
  const auto changes = read_changes(request.body);
  if (!changes) return write_error(request, changes.error());
  if (const auto changed = services.limits.change(*changes); !changed)
    return write_error(request, changed.error());
  return http::json(base::write_json(describe_pool(services)));
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
  return {http::Method::Get, "/admin/api/pool", pool_handler(services)};
}

http::Route manager_status(const Services& services) {
  return {http::Method::Get, "/v1/manager/status", pool_handler(services)};
}

http::Route change_pool(const Services& services) {
  return {http::Method::Put, "/admin/api/pool", [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              return change_limits(services, request);
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

http::Route pool_events(const Services& services) {
  services::Pool& pool = services.pool;
  const WatchedList models{
      .name = "models",
      .entries =
          [&pool] {
            std::vector<std::pair<std::string, json::object>> entries;
            for (const services::LoadedModel& model : pool.list())
              entries.emplace_back(model.id, describe(model, true));
            return entries;
          },
      .subscribe = [&pool](auto wake) { return pool.subscribe(std::move(wake)); }};
  return {http::Method::Get, "/admin/api/models/events",
          [models](const http::Request&) { return difference_events(models); }};
}

}  // namespace hearth::api::admin
