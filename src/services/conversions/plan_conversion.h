// From what somebody asks for to a conversion that can be queued.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "services/conversions/conversion_job.h"
#include "services/conversions/conversion_options.h"
#include "services/conversions/conversion_presets.h"
#include "services/library/library.h"
#include "store/conversions.h"

namespace hearth::services {

/// Names only: paths never come from a network request.
struct ConversionRequest {
  std::string model;               ///< of the library
  std::string name;                ///< of the new model; empty: the source's with a suffix
  std::string preset;              ///< empty: none
  ConversionOptions options = {};  ///< before those of the preset
  bool replaces = false;           ///< a model of that name goes
};

/// Finds the source and names the target, a folder in `models_folder`.
/// @returns ModelNotFound, NotFound (the preset), InvalidArgument: a name that cannot be one, a
///          target that is there already, options that do not go together
Result<store::ConversionRow> plan_conversion(const Library& library,
                                             const ConversionPresets& presets,
                                             const std::filesystem::path& models_folder,
                                             const ConversionRequest& request);

/// What the process is told.
Result<ConversionJob> job_of(const store::ConversionRow& row);

/// ORG/NAME of a model in the Hub's cache; empty elsewhere.
std::string hub_name(const std::string& model, const std::filesystem::path& folder);

}  // namespace hearth::services
