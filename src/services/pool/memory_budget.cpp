// Percent and gigabytes become bytes.
#include "services/pool/memory_budget.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "platform/machine.h"
#include "services/memory_text.h"

namespace hearth::services {
namespace {

constexpr auto kMemoryUnits = std::to_array<std::pair<std::string_view, double>>(
    {{"GB", 1e9}, {"G", 1e9}, {"GiB", 1024.0 * 1024 * 1024}, {"MB", 1e6}, {"MiB", 1024.0 * 1024}});

double unit_bytes(std::string_view name, double total) {
  if (name == "%") return total / 100;
  for (const auto& [unit, bytes] : kMemoryUnits)
    if (unit == name) return bytes;
  return 0;
}

}  // namespace

Result<std::uint64_t> parse_memory_budget(std::string_view text, std::uint64_t total_bytes) {
  const auto total = static_cast<double>(total_bytes);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const double bytes = number * unit_bytes(unit, total);
  if (error != std::errc() || !std::isfinite(bytes) || bytes < total / 100)
    return fail(ErrorCode::InvalidArgument,
                "must be a part of the machine's memory, like \"75%\" or \"12GB\", and at least 1 "
                "percent ({}), not \"{}\"",
                memory_text(total_bytes / 100), text);
  return static_cast<std::uint64_t>(std::min(bytes, total));
}

Result<std::uint64_t> memory_budget(const Settings& settings) {
  return TRY_IN("pool.memory",
                parse_memory_budget(settings.memory, platform::memory().total_bytes));
}

double percent_of(std::uint64_t bytes, std::uint64_t total_bytes) {
  if (total_bytes == 0) return 0;
  return std::round(static_cast<double>(bytes) / static_cast<double>(total_bytes) * 1000) / 10;
}

}  // namespace hearth::services
