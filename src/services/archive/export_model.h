// From a model's folder to an archive.
#pragma once

#include "services/archive/archive.h"
#include "services/library/model_entry.h"

namespace hearth::services {

/// Writes all files of a model, links followed, into `archive`, under another name until it is
/// whole. Blocks.
/// @returns what it holds; Io, with what is short, where the disk has no room; InvalidArgument
///          where the archive is there already and `overwrite` is false; CorruptData where a file
///          changes meanwhile
Result<ArchiveContent> export_model(const ModelEntry& model, const std::filesystem::path& archive,
                                    bool overwrite, const ArchiveProgress& progress);

}  // namespace hearth::services
