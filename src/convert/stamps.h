// What a source is called, and what its files are like now: for messages and fingerprints.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hearth::convert {

/// The last part of a path, with or without a slash behind it.
std::string name_of(const std::filesystem::path& path);

/// Names, sizes and times of files, in the order of their names. What cannot be looked at counts
/// as changed.
std::vector<std::string> stamps(const std::vector<std::filesystem::path>& files);

/// The files of a folder, without those of folders in it; none where there is no folder.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

}  // namespace hearth::convert
