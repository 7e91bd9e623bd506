// One model's folder in the cache that all the Hub's tools share: blobs, snapshots, refs, locks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::hub {

/// How a snapshot names its blobs.
enum class Links {
  Symbolic,  ///< relative symlinks
  None       ///< the file system has none: the file itself lies in the snapshot
};

/// The layout is that of huggingface_hub:
///   models--ORG--NAME/blobs/HASH                      contents, named by their hash
///   models--ORG--NAME/snapshots/COMMIT/path/to/file   -> ../../../../blobs/HASH
///   models--ORG--NAME/refs/main                       the commit that "main" means
///   .locks/models--ORG--NAME/HASH.lock                held while HASH is fetched
/// Ours beside it: blobs/HASH.hearth-part and .hearth-map while a blob is on its way. Any thread.
class ModelCache {
 public:
  /// Makes the folders. @returns Io naming the folder that cannot be written.
  static Result<ModelCache> open(const std::filesystem::path& cache, std::string_view repository,
                                 std::optional<Links> links = std::nullopt);

  /// Where a model lies in a cache, or would.
  static std::filesystem::path folder_of(const std::filesystem::path& cache,
                                         std::string_view repository);

  std::filesystem::path blob(std::string_view hash) const;
  std::filesystem::path part(std::string_view hash) const;
  std::filesystem::path part_map(std::string_view hash) const;
  std::filesystem::path lock(std::string_view hash) const;
  std::filesystem::path snapshot(std::string_view commit) const;

  /// Whether the snapshot has the file with that many bytes.
  bool has_file(std::string_view commit, std::string_view path, std::uint64_t bytes) const;
  /// Whether the blob is there with that many bytes.
  bool has_blob(std::string_view hash, std::uint64_t bytes) const;

  /// Makes the snapshot name the blob. Other processes see the old file or the new one, never half
  /// of it.
  Result<void> link(std::string_view commit, std::string_view path, std::string_view hash) const;
  /// Notes which commit a branch or tag means.
  Result<void> write_ref(std::string_view revision, std::string_view commit) const;

 private:
  ModelCache(std::filesystem::path folder, std::filesystem::path locks, Links links)
      : folder_(std::move(folder)), locks_(std::move(locks)), links_(links) {}

  /// A name that nobody else takes, where no other tool looks: what is renamed from there appears
  /// at once.
  std::filesystem::path fresh() const;

  std::filesystem::path folder_;
  std::filesystem::path locks_;
  Links links_;
};

}  // namespace hearth::hub
