// Conversions in processes of their own: what happens to them never happens to the server.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "services/conversions/conversions.h"
#include "services/conversions/plan_conversion.h"

namespace hearth::app {

/// Starts `hearth job` and waits for its end, told of by the process line by line. Blocks.
/// @returns the result as JSON; Cancelled after the hooks said to stop; the process's own error;
///          EngineLost where it ended without a word
Result<std::string> run_conversion(const services::ConversionJob& job,
                                   const services::JobHooks& hooks);

/// Removes what an unfinished conversion has left beside its target. Blocks.
Result<void> discard_conversion(const std::filesystem::path& target);

}  // namespace hearth::app
