// The model that is converted: its config and tensors, read and understood.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "base/result.h"
#include "convert/source_tensors.h"
#include "models/config.h"

namespace hearth::convert {

struct OpenedModel {
  json::object raw_config;  ///< config.json as it is written
  json::object generation;  ///< generation_config.json; empty where there is none
  models::Config config;
  SourceTensors tensors;
};

/// @returns NotFound, CorruptData, UnsupportedArgument (a family or a packing that cannot be
///          converted, by name); messages name file and field.
Result<OpenedModel> open_model(const std::filesystem::path& folder);

}  // namespace hearth::convert
