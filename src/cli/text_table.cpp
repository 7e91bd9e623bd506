// Tables and sizes for the terminal.
#include "cli/text_table.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>

namespace hearth::cli {

std::string text_table(const std::vector<std::string>& headings,
                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  std::vector<std::string> titles;
  for (const std::string& heading : headings) {
    right.push_back(heading.ends_with('>'));
    titles.push_back(right.back() ? heading.substr(0, heading.size() - 1) : heading);
    widths.push_back(titles.back().size());
  }
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());

  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i)
      text += right[i] ? fmt::format("{:>{}}  ", cells[i], widths[i])
                       : fmt::format("{:<{}}  ", cells[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line(titles);
  for (const auto& row : rows) line(row);
  return out;
}

std::string size_text(std::uint64_t bytes) {
  static constexpr auto kUnits = std::to_array<std::string_view>({"B", "kB", "MB", "GB", "TB"});
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {  // what would be written as 1000.0
    value /= 1000;
    ++unit;
  }
  return bytes < 1000 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace hearth::cli
