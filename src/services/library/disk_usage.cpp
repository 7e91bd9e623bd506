// Adding up and removing files.
#include "services/library/disk_usage.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <utility>
#include <vector>

#include "hub/model_cache.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> children(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    found.push_back(at->path());
  std::ranges::sort(found);
  return found;
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return {};
  return fail(ErrorCode::Io, "{} cannot be removed: {}", path.string(), error.message());
}

/// The names of the blobs that the snapshots link to.
std::set<std::string> linked_blobs(const fs::path& snapshots) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator at(snapshots, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unreadable;
    if (at->is_symlink(unreadable))
      names.insert(fs::read_symlink(at->path(), unreadable).filename().string());
  }
  return names;
}

/// References that mean a commit which is gone mean nothing.
void remove_refs(const fs::path& refs, const std::string& commit) {
  std::vector<fs::path> gone;
  std::error_code error;
  for (fs::recursive_directory_iterator at(refs, error), end; !error && at != end;
       at.increment(error)) {
    std::string named;
    std::error_code unreadable;
    if (at->is_regular_file(unreadable)) std::ifstream(at->path()) >> named;
    if (named == commit) gone.push_back(at->path());
  }
  for (const fs::path& ref : gone) fs::remove(ref, error);
}

Result<fs::path> find_revision(const fs::path& snapshots, std::string_view commit) {
  std::vector<fs::path> found;
  std::vector<std::string> all;
  for (const fs::path& snapshot : children(snapshots)) {
    all.push_back(snapshot.filename().string());
    if (!commit.empty() && all.back().starts_with(commit)) found.push_back(snapshot);
  }
  if (found.size() == 1) return found.front();
  return fail(ErrorCode::NotFound, "there is {} revision \"{}\" (there are: {})",
              found.empty() ? "no" : "more than one", commit, fmt::join(all, ", "));
}

}  // namespace

std::uint64_t bytes_on_disk(const fs::path& folder) {
  constexpr std::uint64_t kStatBlock = 512;
  std::set<std::pair<dev_t, ino_t>> seen;
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    struct stat info = {};
    if (::lstat(at->path().c_str(), &info) != 0) continue;
    if (info.st_nlink > 1 && !S_ISDIR(info.st_mode) &&
        !seen.emplace(info.st_dev, info.st_ino).second)
      continue;
    bytes += static_cast<std::uint64_t>(info.st_blocks) * kStatBlock;
  }
  return bytes;
}

fs::path whole_folder(const ModelEntry& model, const fs::path& hub_cache) {
  return model.place == ModelPlace::HubCache ? hub::ModelCache::folder_of(hub_cache, model.id)
                                             : model.folder;
}

Result<std::uint64_t> remove_model(const ModelEntry& model, const fs::path& hub_cache) {
  if (model.place == ModelPlace::Installed)
    return fail(ErrorCode::Forbidden, "{} came with Hearth and is removed with it", model.id);
  if (model.place == ModelPlace::Ollama)
    return fail(ErrorCode::Forbidden, "{} belongs to Ollama: ollama rm removes it", model.id);
  if (model.place == ModelPlace::Named)
    return fail(ErrorCode::Forbidden,
                "{} lies outside of the model folders: remove the folder {} yourself", model.id,
                model.folder.string());
  const fs::path folder = whole_folder(model, hub_cache);
  const std::uint64_t bytes = bytes_on_disk(folder);
  std::error_code error;
  if (fs::is_symlink(folder, error)) {  // what it leads to belongs to somebody else
    fs::remove(folder, error);
    if (error)
      return fail(ErrorCode::Io, "{} cannot be removed: {}", folder.string(), error.message());
    return std::uint64_t{0};
  }
  TRY(remove_tree(folder));
  if (model.place == ModelPlace::HubCache)
    TRY(remove_tree(hub_cache / ".locks" / folder.filename()));
  else if (model.id.contains('/'))
    fs::remove(folder.parent_path(), error);  // of the organisation, where nothing else is in it
  return bytes;
}

Result<std::uint64_t> remove_revision(const fs::path& hub_cache, std::string_view repository,
                                      std::string_view commit) {
  const fs::path folder = hub::ModelCache::folder_of(hub_cache, repository);
  const fs::path snapshot = TRY_IN(repository, find_revision(folder / "snapshots", commit));
  const std::uint64_t before = bytes_on_disk(folder);
  const auto its_own = linked_blobs(snapshot);
  TRY(remove_tree(snapshot));
  remove_refs(folder / "refs", snapshot.filename().string());
  const auto needed = linked_blobs(folder / "snapshots");
  for (const std::string& blob : its_own)
    if (!needed.contains(blob)) TRY(remove_tree(folder / "blobs" / blob));
  if (children(folder / "snapshots").empty()) TRY(remove_tree(folder));
  return before - std::min(before, bytes_on_disk(folder));
}

}  // namespace hearth::services
