// The models on this machine, and from a name to one of them.
#pragma once

#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "services/library/folder_index.h"
#include "services/library/model_entry.h"
#include "store/database.h"

namespace hearth::services {

/// Where the library looks.
struct LibraryFolders {
  std::filesystem::path
      hub_cache;  ///< Hugging Face cache layout: models--org--name/snapshots/<commit>
  std::vector<std::filesystem::path> plain;  ///< folders that hold `name/` or `org/name/`
  std::filesystem::path installed = {};      ///< the same, for what came with the program
  std::filesystem::path ollama = {};         ///< Ollama's store
  std::filesystem::path ollama_views = {};   ///< where its models become folders of links
};

/// What the library knows beyond the folders.
struct LibraryKnowledge {
  store::Database* database = nullptr;  ///< index and aliases; outlives the library
  /// Every model_type that can be run; empty: nobody knows, and none is refused.
  std::set<std::string, std::less<>> architectures = {};
};

/// Finds models by looking at the folders, so what another program downloads is seen at once. A
/// folder's files are read only when they have changed. Any thread.
class Library {
 public:
  explicit Library(LibraryFolders folders, LibraryKnowledge knowledge = {})
      : folders_(std::move(folders)),
        knowledge_(std::move(knowledge)),
        index_(knowledge_.database) {}

  /// Every model found, by id. The same id in two places: the first place wins (added folders,
  /// plain, installed, cache).
  std::vector<ModelEntry> list() const;

  /// Makes a single model folder known under its own name. For the command line only: a path never
  /// comes from a network request.
  Result<ModelEntry> add_folder(const std::filesystem::path& folder);

  /// The model that `name` means: an id, an alias, the last part of an id, or the end of one id
  /// after a `/`, `-`, `_` or `.` (`4b` for `qwen/qwen3-4b`), in this order, without regard to case
  /// (but an id in its own case goes first) and to a final `:latest`. Unknown or ambiguous names
  /// are ModelNotFound with suggestions. May rely on a look at the folders that is a second old.
  Result<ModelEntry> resolve(std::string_view name) const;

  const LibraryFolders& folders() const { return folders_; }

  /// Something has changed on the disk: the next resolve() looks.
  void look_again();

 private:
  void add_aliases(std::vector<ModelEntry>& entries) const;

  LibraryFolders folders_;
  LibraryKnowledge knowledge_;
  mutable std::mutex scan_mutex_;
  mutable FolderIndex index_;  // guarded by scan_mutex_
  mutable std::mutex mutex_;
  std::vector<ModelEntry> added_;         // guarded by mutex_
  mutable std::vector<ModelEntry> seen_;  // guarded by mutex_: the last look of resolve()
  mutable base::Instant seen_at_{};       // guarded by mutex_
};

/// The entry of `entries` that `name` means; see Library::resolve.
Result<ModelEntry> resolve_name(const std::vector<ModelEntry>& entries, std::string_view name);

}  // namespace hearth::services
