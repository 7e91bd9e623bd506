// Parts in a model's folder of blobs.
#include "hub/partial_files.h"

#include <string>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include "hub/file_lock.h"
#include "hub/model_cache.h"

namespace hearth::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPart = ".hearth-part";

std::vector<fs::path> blobs_of(const fs::path& cache, std::string_view repository) {
  std::vector<fs::path> found;
  std::error_code error;
  const fs::path blobs = ModelCache::folder_of(cache, repository) / "blobs";
  for (fs::directory_iterator at(blobs, error), end; !error && at != end; at.increment(error))
    found.push_back(at->path());
  return found;
}

}  // namespace

std::uint64_t bytes_on_disk(const fs::path& path) {
  constexpr std::uint64_t kStatBlock = 512;
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_blocks) * kStatBlock
                                          : 0;
}

PartialFiles partial_files(const fs::path& cache, std::string_view repository) {
  PartialFiles found;
  for (const fs::path& blob : blobs_of(cache, repository)) {
    const std::string name = blob.filename().string();
    if (!name.ends_with(kPart) && !name.ends_with(".incomplete")) continue;
    ++found.files;
    found.bytes += bytes_on_disk(blob);
  }
  return found;
}

PartialFiles remove_partial_files(const fs::path& cache, std::string_view repository) {
  PartialFiles removed;
  const auto blobs = blobs_of(cache, repository);
  if (blobs.empty()) return removed;
  const auto folders = ModelCache::open(cache, repository);
  if (!folders) return removed;
  for (const fs::path& blob : blobs) {
    const std::string name = blob.filename().string();
    if (!name.ends_with(kPart)) continue;
    const std::string hash = name.substr(0, name.size() - kPart.size());
    const auto lock = FileLock::try_take(folders->lock(hash));
    if (!lock || !*lock) continue;
    const std::uint64_t bytes = bytes_on_disk(blob);
    std::error_code error;
    if (!fs::remove(folders->part(hash), error)) continue;
    fs::remove(folders->part_map(hash), error);
    ++removed.files;
    removed.bytes += bytes;
  }
  return removed;
}

}  // namespace hearth::hub
