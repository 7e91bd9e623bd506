// From an archive to a model's folder.
#pragma once

#include <filesystem>
#include <string>

#include "services/archive/archive.h"

namespace hearth::services {

struct ImportRequest {
  std::filesystem::path archive;
  std::filesystem::path models;  ///< the folder that holds `name/` or `org/name/`
  std::string name;              ///< of the model; empty: as the archive says
  bool overwrite = false;        ///< replaces a model of that name
};

/// Unpacks an archive that export_model() wrote beside the models, proves every file by its hash,
/// and only then puts the model in its place, whole. Two imports of one model at once: the second
/// is refused. Blocks.
/// @returns what was put there, with the name it has; CorruptData, naming the file, where something
///          is wrong, leads out of the folder, is a link, or the archive ends too soon;
///          InvalidArgument where the model is there already
Result<ArchiveContent> import_model(const ImportRequest& request, const ArchiveProgress& progress);

}  // namespace hearth::services
