// Tables and sizes for the terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hearth::cli {

/// Rows under a heading, columns padded to the widest cell. A right-aligned column's heading ends
/// in '>'.
std::string text_table(const std::vector<std::string>& headings,
                       const std::vector<std::vector<std::string>>& rows);

/// "11.5 MB", in powers of 1000 as disks are sold and model cards count.
std::string size_text(std::uint64_t bytes);

/// "2,048"
std::string grouped(std::uint64_t number);

}  // namespace hearth::cli
