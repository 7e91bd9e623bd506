// config.json and generation_config.json out of metadata.
#pragma once

#include <span>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "gguf/family.h"
#include "gguf/header.h"

namespace hearth::gguf {

struct ConfigFiles {
  json::object config;
  json::object generation;
};

/// What Hugging Face's files would say of the model.
///
/// @param rope_factors  the numbers of the tensor kRopeFactors; empty where there is none
/// @returns CorruptData or UnsupportedArgument that names the key
Result<ConfigFiles> config_files(const Family& family, const Metadata& metadata,
                                 const TensorTable& tensors, std::span<const float> rope_factors);

}  // namespace hearth::gguf
