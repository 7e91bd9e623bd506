// Texts become limits, now and for later runs.
#include "services/pool/live_limits.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "services/pool/memory_budget.h"
#include "store/kept_settings.h"

namespace hearth::services {
namespace {

constexpr auto kKeys = std::to_array<std::string_view>(
    {"pool.memory", "pool.max_loaded", "pool.eviction", "pool.keep_alive"});

Setting field(Settings& settings, std::string_view key) {
  const auto fields = settings.fields();
  const auto found = std::ranges::find(fields, key, &Setting::key);
  assert(found != fields.end() && std::ranges::find(kKeys, key) != kKeys.end());
  return *found;
}

}  // namespace

Result<PoolLimits> pool_limits(const Settings& settings) {
  PoolLimits limits;
  limits.rules.budget_bytes = TRY(memory_budget(settings));
  limits.rules.max_loaded = static_cast<std::size_t>(settings.max_loaded);
  limits.rules.eviction = eviction_named(settings.eviction).value_or(Eviction::LeastRecent);
  limits.idle = TRY_IN("pool.keep_alive", parse_keep_alive(settings.keep_alive));
  return limits;
}

Result<void> LiveLimits::change(Changes changes) {
  const std::lock_guard one_after_another(changing_);
  Settings configured = configured_;
  Settings next = now();
  for (auto& [key, text] : changes) {
    const std::string usual = value_text(field(configured, key));
    TRY(assign(field(next, key), std::string_view(text ? *text : usual)));
    if (text == usual) text.reset();  // what is as configured goes with the configuration
  }
  const PoolLimits limits = TRY(pool_limits(next));
  TRY(store::KeptSettings(database_).change(changes));
  pool_.set_limits(limits);
  const std::lock_guard lock(mutex_);
  now_ = std::move(next);
  return {};
}

std::vector<std::string_view> LiveLimits::changed() const {
  Settings configured = configured_;
  Settings present = now();
  std::vector<std::string_view> keys;
  for (const std::string_view key : kKeys)
    if (value_text(field(present, key)) != value_text(field(configured, key))) keys.push_back(key);
  return keys;
}

Settings LiveLimits::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

}  // namespace hearth::services
