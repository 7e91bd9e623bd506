// `--recipe auto` on the command line: measures, tells, fills in the bits.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "convert/options.h"

namespace hearth::cli {

/// Chooses bits for the conversion and puts them into `options.layer_bits`. Shows its progress on a
/// terminal, and what was chosen, unless `quiet`. Ctrl-C ends the program with status 130.
/// @returns what was measured, for `--json`; what convert::choose_recipe returns
Result<json::object> choose_auto_bits(convert::Options& options, double target_bpw, bool quiet);

}  // namespace hearth::cli
