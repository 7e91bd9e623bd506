// The model that is converted: its config and tensors, read and understood.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "convert/options.h"
#include "convert/source_tensors.h"
#include "gguf/family.h"
#include "models/config.h"

namespace hearth::convert {

struct OpenedModel {
  json::object raw_config;  ///< config.json as it is written
  json::object generation;  ///< generation_config.json; empty where there is none
  models::Config config;
  SourceTensors tensors;

  std::vector<std::filesystem::path> files;  ///< that hold the weights
  /// The architecture, where the source is a GGUF file; the next is of that too.
  const gguf::Family* gguf = nullptr;
  std::map<std::string, std::string> made_files = {};  ///< name → text: tokenizer and the like
};

/// @returns NotFound, CorruptData, UnsupportedArgument (a family or a packing that cannot be
///          converted, by name); messages name file and field.
Result<OpenedModel> open_model(const std::filesystem::path& folder);

/// Whether a source is a GGUF file, by its name.
bool is_gguf(const std::filesystem::path& source);

/// The same of a GGUF file. Its blocks stay packed where the options ask for no other packing.
Result<OpenedModel> open_gguf(const Options& options);

}  // namespace hearth::convert
