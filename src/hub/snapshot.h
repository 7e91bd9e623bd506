// A model as it is at one revision: what it needs, and fetching it whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hub/downloader.h"
#include "hub/patterns.h"
#include "hub/places.h"
#include "hub/progress.h"

namespace hearth::hub {

struct SnapshotRequest {
  std::string repository;
  std::string revision = "main";
  Patterns patterns = {};
};

/// What a download would do, before anything is written but the model's empty folders.
struct SnapshotPlan {
  std::string repository;
  std::string revision;
  std::string commit;
  std::vector<WantedFile> files;  ///< small ones first
  std::size_t not_wanted = 0;     ///< files that the patterns leave out
  std::uint64_t bytes = 0;        ///< of all files
  std::uint64_t missing = 0;      ///< that are not on disk yet
  std::filesystem::path folder;   ///< where the snapshot lies, or will
};

struct Snapshot {
  std::filesystem::path folder;
  std::string commit;
  std::uint64_t bytes = 0;
  std::uint64_t fetched = 0;  ///< that came over the network
};

/// Asks the Hub what the revision is made of.
/// @returns NotFound also where no file matches the patterns.
Result<SnapshotPlan> plan_snapshot(const Places& places, const SnapshotRequest& request,
                                   const std::function<bool()>& keep_going = {});

/// Fetches what is missing; see download(). The branch or tag is noted once all is whole. Io, with
/// what is short, where the disk has no room for it.
Result<Snapshot> fetch_snapshot(const Places& places, const SnapshotPlan& plan,
                                const DownloadOptions& options, const ProgressListener& listener);

}  // namespace hearth::hub
