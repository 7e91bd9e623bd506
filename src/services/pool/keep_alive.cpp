// Seconds and Go's durations.
#include "services/pool/keep_alive.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace hearth::services {
namespace {

constexpr double kMostSeconds = 100.0 * 365 * 24 * 3600;

/// The longer names go first: "m" must not take the "m" of "ms".
constexpr auto kDurationUnits = std::to_array<std::pair<std::string_view, double>>(
    {{"ms", 1e-3}, {"us", 1e-6}, {"µs", 1e-6}, {"ns", 1e-9}, {"h", 3600}, {"m", 60}, {"s", 1}});

KeepAlive keep_for(double seconds) {
  if (seconds < 0 || seconds > kMostSeconds) return {};
  return {.after = std::chrono::milliseconds(std::llround(seconds * 1000))};
}

/// A number without a sign; taken from the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || text.starts_with('-') || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<double> take_unit(std::string_view& text) {
  for (const auto& [name, seconds] : kDurationUnits)
    if (text.starts_with(name)) {
      text.remove_prefix(name.size());
      return seconds;
    }
  return std::nullopt;
}

/// Seconds, or numbers with units one after another.
std::optional<double> seconds_in(std::string_view text) {
  double sum = 0;
  bool first = true;
  do {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    if (first && text.empty()) return number;
    const auto unit = take_unit(text);
    if (!unit) return std::nullopt;
    sum += *number * *unit;
    first = false;
  } while (!text.empty());
  return sum;
}

}  // namespace

Result<KeepAlive> parse_keep_alive(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const auto seconds = seconds_in(rest);
  if (!seconds)
    return fail(ErrorCode::InvalidArgument,
                "must be seconds or a duration like \"5m\" or \"1h30m\" (0: unload after use, -1: "
                "never), not \"{}\"",
                text);
  return keep_for(negative && *seconds > 0 ? -1 : *seconds);
}

Result<KeepAlive> read_keep_alive(const json::value& value) {
  if (value.is_string()) return parse_keep_alive(value.get_string());
  if (value.is_number()) {
    const auto seconds = value.to_number<double>();
    if (std::isfinite(seconds)) return keep_for(seconds);
  }
  return fail(ErrorCode::InvalidArgument,
              "must be a number of seconds or a duration like \"5m\" (0: unload after use, -1: "
              "never)");
}

std::string keep_alive_text(const KeepAlive& keep) {
  if (!keep.after) return "-1";
  const auto ms = keep.after->count();
  return ms % 1000 == 0 ? fmt::format("{}", ms / 1000) : fmt::format("{}ms", ms);
}

}  // namespace hearth::services
