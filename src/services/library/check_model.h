// Whether a model's files are what they should be.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "services/library/model_entry.h"

namespace hearth::services {

struct CheckedFile {
  std::string path;  ///< within the model's folder
  std::uint64_t bytes = 0;
  bool proven = false;  ///< by its hash; else only its form was looked at
  std::string fault;    ///< what is wrong, empty if nothing is
};

/// Reads every file. In the Hub's cache a file's blob is named by its hash, and that is compared;
/// elsewhere headers of safetensors are held against the files' lengths. Files that the index names
/// and that are missing have an entry, too.
/// @param go_on  told the bytes that were read so far, now and then; false stops it
/// @returns      Cancelled where it was stopped
Result<std::vector<CheckedFile>> check_model(const ModelEntry& model,
                                             const std::function<bool(std::uint64_t)>& go_on);

/// Removes the blobs of faulty files from the Hub's cache, so that fetching the model brings them
/// anew, and them alone.
Result<void> drop_faulty(const ModelEntry& model, const std::vector<CheckedFile>& files);

}  // namespace hearth::services
