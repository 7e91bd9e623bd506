// What models take on the disk, and giving it back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/library/model_entry.h"

namespace hearth::services {

/// Bytes that a folder takes on its disk: links are not followed, files with several names count
/// once, gaps do not count. 0 where it cannot be read.
std::uint64_t bytes_on_disk(const std::filesystem::path& folder);

/// The folder that goes when a model is removed: in the Hub's cache the one with all its revisions
/// and blobs, else the model's own.
std::filesystem::path whole_folder(const ModelEntry& model, const std::filesystem::path& hub_cache);

/// Removes a model with all that belongs to it. What a process has open is freed when it closes it.
/// @returns the bytes that were freed; Forbidden for what came with the program or was only named
///          by its path; Io, with what could not be removed
Result<std::uint64_t> remove_model(const ModelEntry& model, const std::filesystem::path& hub_cache);

/// Removes one revision of a model in the Hub's cache, and those blobs that no other revision
/// needs.
/// @param commit  40 digits, or their beginning where no other revision begins so
/// @returns       the bytes that were freed; NotFound naming the revisions there are
Result<std::uint64_t> remove_revision(const std::filesystem::path& hub_cache,
                                      std::string_view repository, std::string_view commit);

}  // namespace hearth::services
