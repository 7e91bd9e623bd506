// Words and bars.
#include "cli/pull_text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "cli/text_table.h"

namespace hearth::cli {
namespace {

constexpr std::size_t kMostFiles = 4;
constexpr std::size_t kNameColumns = 34;
constexpr std::size_t kLeastBar = 8;
constexpr std::size_t kMostBar = 40;

std::string count_text(std::int64_t count, std::string_view unit) {
  return fmt::format("{} {}{} left", count, unit, count == 1 ? "" : "s");
}

/// How wide the name of a row may be, and its bar (0: none), beside `rest` columns of figures.
struct Widths {
  std::size_t name = 0;
  std::size_t bar = 0;
};

Widths widths(std::size_t columns, std::size_t name, std::size_t rest) {
  constexpr std::size_t kGaps = 4;
  Widths out{.name = std::min({name, kNameColumns, columns > 2 ? columns - 2 : 0})};
  const std::size_t used = out.name + rest + kGaps;
  if (columns >= used + kLeastBar) out.bar = std::min(columns - used, kMostBar);
  return out;
}

struct Row {
  std::string name;
  std::uint64_t done = 0;
  std::uint64_t bytes = 0;
  std::string figures;
};

std::string row_text(const Row& row, const Widths& widths, std::size_t columns) {
  std::string text = fmt::format("{:<{}}  ", shortened(row.name, widths.name), widths.name);
  if (widths.bar > 0) text += bar_text(row.done, row.bytes, widths.bar) + "  ";
  const std::size_t used = widths.name + 2 + (widths.bar > 0 ? widths.bar + 2 : 0);
  return text + row.figures.substr(0, columns > used ? columns - used : 0);
}

std::string figures_of(const hub::FileProgress& file) {
  if (file.elsewhere) return "another program is fetching it";
  return fmt::format("{:>5}  {}", percent_text(file.done, file.bytes), size_text(file.bytes));
}

}  // namespace

std::string left_text(std::optional<std::chrono::seconds> left) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  if (!left) return "Calculating...";
  const std::int64_t seconds = left->count();
  if (seconds < kMinute) return count_text(seconds, "second");
  if (seconds < 2 * kHour) return count_text((seconds + kMinute - 1) / kMinute, "minute");
  return count_text((seconds + kHour - 1) / kHour, "hour");
}

std::string percent_text(std::uint64_t done, std::uint64_t bytes) {
  const double share = bytes == 0 ? 1 : static_cast<double>(done) / static_cast<double>(bytes);
  const auto percent = static_cast<int>(share * 100);
  return fmt::format("{} %", done < bytes ? std::min(percent, 99) : 100);
}

std::string amount_text(const hub::Progress& progress) {
  std::string text = fmt::format("{} of {}", size_text(progress.done), size_text(progress.bytes));
  if (progress.done == progress.bytes) return text;
  if (progress.bytes_per_s > 0)
    text += fmt::format("  {}/s", size_text(static_cast<std::uint64_t>(progress.bytes_per_s)));
  return text + "  " + left_text(progress.left);
}

std::string shortened(const std::string& text, std::size_t columns) {
  constexpr std::string_view kGap = "..";
  if (text.size() <= columns) return text;
  if (columns <= kGap.size()) return text.substr(0, columns);
  const std::size_t kept = columns - kGap.size();
  const std::size_t front = kept / 2;
  return text.substr(0, front).append(kGap).append(text.substr(text.size() - (kept - front)));
}

std::string bar_text(std::uint64_t done, std::uint64_t bytes, std::size_t columns) {
  static constexpr auto kEighths = std::to_array<std::string_view>(
      {"", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589"});
  const double share = bytes == 0 ? 1 : static_cast<double>(done) / static_cast<double>(bytes);
  const auto eighths = static_cast<std::size_t>(share * static_cast<double>(columns) * 8);
  std::size_t used = std::min(eighths / 8, columns);
  std::string bar;
  for (std::size_t i = 0; i < used; ++i) bar += "\u2588";
  if (used < columns && eighths % 8 > 0) {
    bar += kEighths[eighths % 8];
    ++used;
  }
  for (; used < columns; ++used) bar += "\u2591";
  return bar;
}

std::vector<std::string> progress_lines(const hub::Progress& progress, std::size_t columns) {
  std::vector<Row> rows;
  rows.reserve(kMostFiles + 1);
  for (const hub::FileProgress& file : progress.active) {
    if (rows.size() == kMostFiles) break;
    rows.push_back({file.path, file.done, file.bytes, figures_of(file)});
  }
  rows.push_back({fmt::format("{} of {} files", progress.files_done, progress.files), progress.done,
                  progress.bytes,
                  fmt::format("{:>5}  {}", percent_text(progress.done, progress.bytes),
                              amount_text(progress))});
  std::size_t name = 0;
  for (const Row& row : rows) name = std::max(name, row.name.size());
  const Widths all = widths(columns, name, rows.back().figures.size());
  std::vector<std::string> lines;
  lines.reserve(rows.size());
  for (const Row& row : rows) lines.push_back(row_text(row, all, columns));
  return lines;
}

}  // namespace hearth::cli
