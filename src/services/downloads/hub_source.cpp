// Downloads from the Hub.
#include <utility>

#include "hub/partial_files.h"
#include "services/downloads/downloads.h"

namespace hearth::services {

DownloadSource hub_source(const hub::DownloadOptions& options,
                          std::function<Result<hub::Places>()> places) {
  return {.fetch = [options, places](const hub::SnapshotRequest& request,
                                     const FetchHooks& hooks) -> Result<hub::Snapshot> {
            const hub::Places hub = TRY(places());
            const auto plan = TRY(hub::plan_snapshot(hub, request, hooks.go_on));
            hooks.planned(plan);
            return hub::fetch_snapshot(hub, plan, options, hooks.progress);
          },
          .remove_partial =
              [places](const std::string& repository) {
                if (const auto hub = places()) hub::remove_partial_files(hub->cache, repository);
              },
          .completed = {}};
}

}  // namespace hearth::services
