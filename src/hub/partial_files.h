// What is half here of a model, whoever left it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace hearth::hub {

/// Parts of files that are on their way, or were left on it.
struct PartialFiles {
  std::size_t files = 0;
  std::uint64_t bytes = 0;  ///< that they take on the disk
};

/// Those of ours and of other tools (`*.incomplete`).
PartialFiles partial_files(const std::filesystem::path& cache, std::string_view repository);

/// Removes our parts of a model, but for those that somebody is at. @returns what was removed
PartialFiles remove_partial_files(const std::filesystem::path& cache, std::string_view repository);

/// What a file takes on the disk: what was never written takes nothing.
std::uint64_t bytes_on_disk(const std::filesystem::path& path);

}  // namespace hearth::hub
