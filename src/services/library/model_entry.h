// One model on disk, as the library knows it without loading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace hearth::services {

struct ModelEntry {
  std::string id;  ///< `org/name`, or the folder's name
  std::vector<std::string> aliases;
  std::filesystem::path folder;
  std::string architecture;  ///< config.json's model_type
  std::string quantisation;  ///< "8-bit, group 64", "bfloat16" ...
  std::uint32_t context_length = 0;
  std::uint64_t bytes = 0;    ///< of all files
  std::int64_t modified = 0;  ///< seconds since 1970
  bool thinking = false;      ///< its chat template can be told to think or not
  std::string fault;          ///< why it cannot be loaded, empty if nothing is known against it
};

/// Reads a model folder's config.json and file list. NotFound if there is no config.json.
/// A folder that is a model but damaged gives an entry with `fault` set.
Result<ModelEntry> read_model_folder(const std::filesystem::path& folder, std::string id);

}  // namespace hearth::services
