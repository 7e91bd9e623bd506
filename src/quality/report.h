// A comparison as JSON, and kept with the model that was measured.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "quality/compare.h"

namespace hearth::quality {

/// All figures; `reference` and `model` are objects of their own.
json::object to_json(const Comparison& comparison);

/// The file in the model's folder that holds its latest measurement.
inline constexpr const char* kKeptFile = "hearth-quality.json";

/// Writes the comparison into the other model's folder, whole or not at all.
///
/// @param reference_name  what users call the reference; @param text_name likewise
/// @returns Io where the folder cannot be written.
Result<void> keep(const Comparison& comparison, const std::string& reference_name,
                  const std::string& text_name);

/// What was kept; nothing where nothing was, or where it is no such file.
std::optional<json::object> kept(const std::filesystem::path& folder);

/// One line about it: "KL 0.0123 from NAME, ...".
std::string describe_kept(const json::object& kept);

}  // namespace hearth::quality
