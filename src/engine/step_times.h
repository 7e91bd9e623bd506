// What steps take on this device: milliseconds become tokens.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace hearth::engine {

/// A small table of measured times by tokens of the step and by the depth at which they stood.
/// Robust averages: one slow step moves a cell a little.
///
/// Pure bookkeeping, one owner.
class StepTimes {
 public:
  /// A step of `tokens` tokens (at least 1), with `depth` tokens before each on average, took `ms`.
  void observe(std::uint32_t tokens, std::uint32_t depth, double ms);

  /// What such a step may take; nothing while no step was seen. Between what was seen it goes
  /// straight, beyond it in proportion, which is rather too long than too short.
  std::optional<double> expect(std::uint32_t tokens, std::uint32_t depth) const;

  /// The most tokens, from 1 to `most`, that a step may hold so as to end within `ms`; `guess`
  /// while no step was seen.
  std::uint32_t tokens_within(double ms, std::uint32_t depth, std::uint32_t most,
                              std::uint32_t guess) const;

  /// The cells that were seen, by depth, then by tokens.
  std::vector<StepTime> table() const;
  /// Takes over cells of an earlier run, as if they were seen.
  void restore(const std::vector<StepTime>& table);

 private:
  static constexpr std::size_t kSizes = 17;  // powers of two
  static constexpr std::size_t kDepths = 5;  // below 512, 2048, 8192, 32768, and beyond
  struct Cell {
    std::uint32_t seen = 0;
    double tokens = 0;
    double ms = 0;
  };
  struct Point {
    double tokens = 0;
    double ms = 0;
  };
  static std::size_t size_index(std::uint32_t tokens);
  static std::size_t depth_index(std::uint32_t depth);
  std::vector<Point> points(std::uint32_t depth) const;
  static double time_at(const std::vector<Point>& points, double tokens);

  std::array<std::array<Cell, kSizes>, kDepths> cells_{};
};

/// Keeps tables from run to run: one file per model and device. `key` names both.
Result<std::vector<StepTime>> read_step_times(const std::filesystem::path& file,
                                              const std::string& key);
Result<void> write_step_times(const std::filesystem::path& file, const std::string& key,
                              const std::vector<StepTime>& table);

}  // namespace hearth::engine
