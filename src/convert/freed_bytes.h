// Whose bytes a weight file is, before they are given up for their space.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace hearth::convert {

/// Where the bytes lie that become free when the weight file goes: in the file itself or, for a
/// snapshot of the Hub's cache, in the blob that it is a link to.
///
/// @param file  in a folder that is spelt without links
/// @returns     UnsupportedArgument with the reason where something else needs the bytes or might:
///              another snapshot or another file of this one, other names on the disk, a link to
///              anywhere else; Io where the snapshots cannot be looked through
Result<std::filesystem::path> bytes_to_free(const std::filesystem::path& file);

/// Frees the bytes, and takes the file's name out of its folder. Does nothing where both are gone.
/// @returns as bytes_to_free, and Io.
Result<void> free_bytes(const std::filesystem::path& file);

}  // namespace hearth::convert
