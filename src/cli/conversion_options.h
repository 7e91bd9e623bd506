// Options of conversions: from flags, and to the converter.
#pragma once

#include <CLI/CLI.hpp>

#include "convert/options.h"
#include "services/conversions/conversion_job.h"

namespace hearth::cli {

/// Adds a flag for each.
void add_conversion_options(CLI::App& verb, services::ConversionOptions& options);

/// As the converter takes them; source and target are left open.
convert::Options convert_options(const services::ConversionOptions& options);

/// The whole order.
convert::Options convert_options(const services::ConversionJob& job);

}  // namespace hearth::cli
