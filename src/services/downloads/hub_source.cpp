// Downloads from the Hub that the environment names.
#include "hub/partial_files.h"
#include "services/downloads/downloads.h"

namespace hearth::services {

DownloadSource hub_source(const hub::DownloadOptions& options) {
  return {.fetch = [options](const hub::SnapshotRequest& request,
                             const FetchHooks& hooks) -> Result<hub::Snapshot> {
            const auto places = TRY(hub::places());
            const auto plan = TRY(hub::plan_snapshot(places, request, hooks.go_on));
            hooks.planned(plan);
            return hub::fetch_snapshot(places, plan, options, hooks.progress);
          },
          .remove_partial =
              [](const std::string& repository) {
                if (const auto places = hub::places())
                  hub::remove_partial_files(places->cache, repository);
              },
          .completed = {}};
}

}  // namespace hearth::services
