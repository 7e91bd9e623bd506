// What a download looks like in words and bars. Pure: no terminal is touched.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/progress.h"

namespace hearth::cli {

/// "4 minutes left", or "Calculating..." while nobody can say.
std::string left_text(std::optional<std::chrono::seconds> left);

/// "41 %": rounded down, so that 100 means whole.
std::string percent_text(std::uint64_t done, std::uint64_t bytes);

/// "2.1 GB of 5.1 GB  12.3 MB/s  4 minutes left", as far as it is known.
std::string amount_text(const hub::Progress& progress);

/// `text` with its middle left out where it is wider than `columns`.
std::string shortened(const std::string& text, std::size_t columns);

/// A bar of `columns` characters, filled in eighths.
std::string bar_text(std::uint64_t done, std::uint64_t bytes, std::size_t columns);

/// The lines of a terminal that is `columns` wide: the files on their way (some of them), then the
/// whole. No line is wider.
std::vector<std::string> progress_lines(const hub::Progress& progress, std::size_t columns);

}  // namespace hearth::cli
