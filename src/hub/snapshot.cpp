// Plan, room on the disk, download, reference.
#include "hub/snapshot.h"

#include <cstddef>

#include "hub/hub_client.h"
#include "hub/names.h"
#include "platform/machine.h"

namespace hearth::hub {
namespace {

/// Files up to this size go first: a model's configuration tells early what it is.
constexpr std::uint64_t kSmallBytes = std::uint64_t{16} << 20;

WantedFile wanted_file(const Places& places, const SnapshotPlan& plan, const RemoteFile& file) {
  return {.repository = plan.repository,
          .commit = plan.commit,
          .path = file.path,
          .bytes = file.bytes,
          .kind = file.sha256 ? HashKind::Sha256 : HashKind::GitBlob,
          .hash = file.sha256.value_or(file.git_hash),
          .address = file_address(places, plan.repository, plan.commit, file.path)};
}

std::string gigabytes(std::uint64_t bytes) {
  return fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9);
}

Result<void> check_room(const Places& places, const SnapshotPlan& plan, std::uint64_t missing,
                        const DownloadOptions& options) {
  const std::uint64_t free = options.free_bytes ? options.free_bytes(places.cache)
                                                : platform::free_disk_bytes(places.cache.string());
  if (missing <= free) return {};
  return fail(ErrorCode::Io,
              "{} needs {} more, and the disk of {} has {} free: {} are missing; make room, or set "
              "HF_HUB_CACHE to a folder on a larger disk",
              plan.repository, gigabytes(missing), places.cache.string(), gigabytes(free),
              gigabytes(missing - free));
}

}  // namespace

Result<SnapshotPlan> plan_snapshot(const Places& places, const SnapshotRequest& request,
                                   const std::function<bool()>& keep_going) {
  HubClient hub(places, keep_going);
  const ModelInfo model = TRY(hub.model(request.repository, request.revision));
  SnapshotPlan plan{.repository = request.repository,
                    .revision = request.revision,
                    .commit = model.commit,
                    .files = {},
                    .folder = {}};
  const auto files = TRY(hub.files(request.repository, model.commit));
  std::ptrdiff_t small = 0;
  for (const RemoteFile& file : files) {
    if (!request.patterns.wants(file.path)) {
      ++plan.not_wanted;
      continue;
    }
    const auto place =
        plan.files.begin() +
        (file.bytes <= kSmallBytes ? small++ : static_cast<std::ptrdiff_t>(plan.files.size()));
    plan.files.insert(place, wanted_file(places, plan, file));
    plan.bytes += file.bytes;
  }
  if (plan.files.empty())
    return fail(
        ErrorCode::NotFound,
        "{} has no file that is wanted ({} are there): see what it has at {}/{}/tree/{}, and "
        "name it with --include",
        plan.repository, plan.not_wanted, places.endpoint, plan.repository, plan.revision);
  const auto cache = TRY(ModelCache::open(places.cache, plan.repository));
  plan.folder = cache.snapshot(plan.commit);
  plan.missing = missing_bytes(cache, plan.files);
  return plan;
}

Result<Snapshot> fetch_snapshot(const Places& places, const SnapshotPlan& plan,
                                const DownloadOptions& options, const ProgressListener& listener) {
  const auto cache = TRY(ModelCache::open(places.cache, plan.repository));
  TRY(check_room(places, plan, missing_bytes(cache, plan.files), options));
  Snapshot snapshot{.folder = plan.folder, .commit = plan.commit, .bytes = plan.bytes};
  snapshot.fetched = TRY(download(places, cache, plan.files, options, listener));
  if (plan.revision != plan.commit) TRY(cache.write_ref(plan.revision, plan.commit));
  return snapshot;
}

}  // namespace hearth::hub
