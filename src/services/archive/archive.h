// A model as one file: a tar archive that every tar reads, with the hash of each file inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hearth::services {

/// The last entry of an archive: what it holds.
inline constexpr const char* kArchiveList = "hearth-archive.json";

/// Files go in and out in pieces of so many bytes.
inline constexpr std::size_t kArchivePiece = std::size_t{1} << 20;

struct ArchivedFile {
  std::string path;  ///< within the model's folder
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// What the list says.
struct ArchiveContent {
  std::string model;  ///< id
  std::vector<ArchivedFile> files;
  std::uint64_t bytes = 0;  ///< of all files
};

/// Told the bytes that were written so far, now and then; false stops with Cancelled.
using ArchiveProgress = std::function<bool(std::uint64_t)>;

json::object write_archive_list(const ArchiveContent& content);
/// @returns CorruptData for what no Hearth wrote; UnsupportedArgument for a newer form
Result<ArchiveContent> read_archive_list(std::string_view text);

/// Refuses a path that would lead out of the folder it is put into, or that no file may have.
Result<void> check_archived_path(std::string_view path);

}  // namespace hearth::services
