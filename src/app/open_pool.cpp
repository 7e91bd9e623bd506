// From settings and database to a pool.
#include "app/open_pool.h"

#include <algorithm>
#include <utility>

#include "app/start_worker.h"
#include "base/log.h"
#include "platform/machine.h"
#include "platform/memory_pressure.h"
#include "services/pool/memory_budget.h"
#include "store/pool_models.h"

namespace hearth::app {
namespace {

/// Idle models are looked for, and workers measured, so often.
constexpr std::chrono::seconds kTick{1};

services::KvWishes kv_wishes(const services::Settings& settings) {
  return {.context_length = static_cast<std::uint32_t>(settings.context_length),
          .max_sequences = static_cast<std::uint32_t>(settings.max_sequences),
          .fixed_bytes = static_cast<std::uint64_t>(settings.kv_mib) << 20,
          .part = services::kv_part(settings.kv_cache)};
}

/// What is not written down is measured anew next time: no reason to fail.
void keep(store::Database& database, const store::PoolModel& row) {
  if (const auto kept = store::PoolModels(database).put(row); !kept)
    log_warn("app", "what was learned of {} is not kept: {}", row.model, kept.error().message);
}

}  // namespace

Result<services::PoolLimits> pool_limits(const services::Settings& settings) {
  services::PoolLimits limits;
  limits.rules.budget_bytes =
      TRY_IN("pool.memory",
             services::parse_memory_budget(settings.memory, platform::memory().total_bytes));
  limits.rules.max_loaded = static_cast<std::size_t>(settings.max_loaded);
  limits.rules.eviction =
      services::eviction_named(settings.eviction).value_or(services::Eviction::LeastRecent);
  limits.idle = TRY_IN("pool.keep_alive", services::parse_keep_alive(settings.keep_alive));
  return limits;
}

Result<std::unique_ptr<services::Pool>> open_pool(const services::Settings& settings,
                                                  const services::Adapters& adapters,
                                                  const services::Shelf& shelf,
                                                  store::Database& database) {
  services::PoolOptions options{.limits = TRY(pool_limits(settings)),
                                .kv = kv_wishes(settings),
                                .warm_up = settings.warm_up,
                                .known = TRY(store::PoolModels(database).list()),
                                .tick_every = kTick};
  services::PoolWorld world{
      .start = worker_starter(settings, adapters, shelf),
      .resident =
          [](std::int64_t process) {
            return platform::resident_bytes(static_cast<pid_t>(process));
          },
      .context =
          [&shelf, usual = options.kv.context_length](const services::ModelEntry& model) {
            return shelf.of(model.id).preset.context_length.value_or(usual);
          },
      .pressed =
          [] {
            const auto pressure = platform::memory_pressure();
            return pressure && pressure->high();
          },
      .keep = [&database](const store::PoolModel& row) { keep(database, row); }};
  return std::make_unique<services::Pool>(std::move(options), std::move(world));
}

std::vector<services::ModelEntry> models_to_preload(const services::Library& library,
                                                    const services::Pool& pool) {
  std::vector<services::ModelEntry> models;
  for (const store::PoolModel& row : pool.known()) {
    if (!row.preload) continue;
    if (auto model = library.resolve(row.model))
      models.push_back(std::move(*model));
    else
      log_warn("app", "{} is to be loaded at start, but: {}", row.model, model.error().message);
  }
  return models;
}

}  // namespace hearth::app
