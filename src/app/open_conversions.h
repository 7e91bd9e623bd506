// The queue of conversions as the server runs it: each in a process of its own.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "services/conversions/conversions.h"
#include "services/library/library.h"
#include "services/pool/pool.h"
#include "services/settings/settings.h"
#include "store/database.h"

namespace hearth::app {

/// Where models that the server makes lie.
std::filesystem::path converted_models();

/// Runs `hearth job` for each conversion, within the pool's memory. All that is named outlives it.
Result<std::unique_ptr<services::Conversions>> open_conversions(const services::Settings& settings,
                                                                store::Database& database,
                                                                services::Library& library,
                                                                services::Pool& pool);

}  // namespace hearth::app
