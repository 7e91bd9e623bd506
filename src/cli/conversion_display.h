// A conversion as people see it on a terminal.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "convert/convert.h"

namespace hearth::cli {

/// What will be done: sizes, what stays plain and why, disk space.
void print_summary(const convert::Summary& summary, const std::filesystem::path& target);

/// Runs it with a line of progress, unless `quiet`. Ctrl-C ends the program with status 130.
Result<void> run_shown(convert::Conversion& conversion, bool quiet);

}  // namespace hearth::cli
