// What the engine reads from a model's folder beside weights and tokenizer.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "models/facts.h"

namespace hearth::engine {

/// Sampling that generation_config.json recommends; empty where there is no such file.
/// CorruptData, naming the file, where it cannot be read.
Result<Sampling> read_sampling_defaults(const std::filesystem::path& folder);

/// "bf16", "8-bit, group 64", "mxfp4 4-bit, group 32".
std::string describe_format(const models::ModelFacts& facts);

/// `fp_` and 12 hexadecimal digits that change with the config, the weight files and the build;
/// of a model or of an adapter. Reads the ends of each file, not gigabytes.
std::string fingerprint(const std::filesystem::path& folder);

}  // namespace hearth::engine
