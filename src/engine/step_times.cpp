// Averages, and reading the table both ways.
#include "engine/step_times.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hearth::engine {
namespace {

constexpr std::array<std::uint32_t, 4> kDepthLimits = {512, 2048, 8192, 32768};
constexpr std::uint32_t kWarmUp = 3;  // first times of a size are long: the shortest counts
constexpr double kWeight = 1.0 / 8;   // of a new time in the average
constexpr double kMostChange = 2;     // a time counts as at most so many averages, or its inverse

}  // namespace

std::size_t StepTimes::size_index(std::uint32_t tokens) {
  return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(tokens)) - 1, kSizes - 1);
}

std::size_t StepTimes::depth_index(std::uint32_t depth) {
  return static_cast<std::size_t>(std::ranges::upper_bound(kDepthLimits, depth) -
                                  kDepthLimits.begin());
}

void StepTimes::observe(std::uint32_t tokens, std::uint32_t depth, double ms) {
  Cell& cell = cells_[depth_index(depth)][size_index(tokens)];
  const double per_token = ms / tokens;
  if (cell.seen < kWarmUp) {
    if (cell.seen == 0 || per_token < cell.ms / cell.tokens)
      cell = {.seen = cell.seen, .tokens = static_cast<double>(tokens), .ms = ms};
  } else {
    const double usual = cell.ms / cell.tokens * tokens;
    const double counted = std::clamp(ms, usual / kMostChange, usual * kMostChange);
    cell.ms += kWeight * (counted - cell.ms);
    cell.tokens += kWeight * (tokens - cell.tokens);
  }
  ++cell.seen;
}

// What was seen at that depth, or else at the nearest one; times never fall with more tokens.
std::vector<StepTimes::Point> StepTimes::points(std::uint32_t depth) const {
  const auto wanted = static_cast<std::ptrdiff_t>(depth_index(depth));
  std::vector<Point> points;
  const auto add = [&](std::ptrdiff_t row) {
    if (!points.empty() || row < 0 || row >= static_cast<std::ptrdiff_t>(kDepths)) return;
    for (const Cell& cell : cells_[static_cast<std::size_t>(row)]) {
      if (cell.seen == 0) continue;
      const double before = points.empty() ? 0 : points.back().ms;
      points.push_back({cell.tokens, std::max(before, cell.ms)});
    }
  };
  for (std::ptrdiff_t away = 0; away < static_cast<std::ptrdiff_t>(kDepths); ++away) {
    add(wanted + away);
    add(wanted - away);
  }
  return points;
}

double StepTimes::time_at(const std::vector<Point>& points, double tokens) {
  const auto next = std::ranges::lower_bound(points, tokens, {}, &Point::tokens);
  if (next == points.end()) return points.back().ms * tokens / points.back().tokens;
  if (next == points.begin()) return next->ms;
  const Point& before = *(next - 1);
  const double share = (tokens - before.tokens) / (next->tokens - before.tokens);
  return before.ms + share * (next->ms - before.ms);
}

std::optional<double> StepTimes::expect(std::uint32_t tokens, std::uint32_t depth) const {
  const auto known = points(depth);
  if (known.empty()) return std::nullopt;
  return time_at(known, tokens);
}

std::uint32_t StepTimes::tokens_within(double ms, std::uint32_t depth, std::uint32_t most,
                                       std::uint32_t guess) const {
  const auto known = points(depth);
  if (known.empty()) return std::min(guess, most);
  std::uint32_t fits = 1;
  std::uint32_t end = most;
  while (fits < end) {
    const std::uint32_t middle = fits + (end - fits + 1) / 2;
    if (time_at(known, middle) <= ms)
      fits = middle;
    else
      end = middle - 1;
  }
  return fits;
}

std::vector<StepTime> StepTimes::table() const {
  std::vector<StepTime> table;
  for (std::size_t row = 0; row < kDepths; ++row)
    for (const Cell& cell : cells_[row])
      if (cell.seen > 0)
        table.push_back({.tokens = static_cast<std::uint32_t>(std::lround(cell.tokens)),
                         .depth = row == 0 ? 0 : kDepthLimits[row - 1],
                         .ms = cell.ms});
  return table;
}

void StepTimes::restore(const std::vector<StepTime>& table) {
  for (const StepTime& time : table)
    cells_[depth_index(time.depth)][size_index(std::max(1U, time.tokens))] = {
        .seen = kWarmUp + 1,
        .tokens = static_cast<double>(std::max(1U, time.tokens)),
        .ms = time.ms};
}

}  // namespace hearth::engine
