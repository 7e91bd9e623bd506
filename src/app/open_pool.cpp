// From settings and database to a pool.
#include "app/open_pool.h"

#include <algorithm>
#include <utility>

#include "app/start_worker.h"
#include "base/log.h"
#include "platform/machine.h"
#include "platform/memory_pressure.h"
#include "services/pool/live_limits.h"
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

Result<std::unique_ptr<services::Pool>> open_pool(const services::Settings& settings,
                                                  const services::Adapters& adapters,
                                                  const services::Shelf& shelf,
                                                  store::Database& database) {
  services::PoolOptions options{.limits = TRY(services::pool_limits(settings)),
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
      .wishes =
          [&shelf](const services::ModelEntry& model) {
            const services::Preset preset = shelf.of(model.id).preset;
            return services::ModelWishes{.context_length = preset.context_length,
                                         .keep = preset.keep_alive};
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
