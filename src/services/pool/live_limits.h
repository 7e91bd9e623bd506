// Limits of the pool, from the settings, and changed while the server runs.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/pool/pool.h"
#include "services/settings/settings.h"
#include "store/database.h"

namespace hearth::services {

/// The limits as settings say them; errors name the setting.
Result<PoolLimits> pool_limits(const Settings& settings);

/// The limits that people change while the server runs. A change holds at once and is kept for
/// later runs, where flags and the environment go before it (settings/load.h). Any thread; may wait
/// for the disk.
class LiveLimits {
 public:
  /// New values as text, by the setting's key (pool.memory ...); none: as configured.
  using Changes = std::map<std::string, std::optional<std::string>>;

  /// What the limits are made of.
  struct Origin {
    Settings now;         ///< what the pool began with
    Settings configured;  ///< the same without what is kept: what a change goes back to
  };

  /// Pool and database outlive it.
  LiveLimits(Pool& pool, store::Database& database, Origin origin)
      : pool_(pool),
        database_(database),
        configured_(std::move(origin.configured)),
        now_(std::move(origin.now)) {}

  /// All of the changes, or none. A key that is no limit is an error of the caller.
  /// @returns InvalidArgument where a value makes no sense; Io where nothing can be kept
  Result<void> change(Changes changes);

  /// The keys of those that are not as configured: they are kept.
  std::vector<std::string_view> changed() const;

 private:
  Settings now() const;

  Pool& pool_;
  store::Database& database_;
  const Settings configured_;
  std::mutex changing_;  // one change after another: each begins with the one before
  mutable std::mutex mutex_;
  Settings now_;  // guarded by mutex_
};

}  // namespace hearth::services
