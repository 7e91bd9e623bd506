// The command line of hearth-engine-bench.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "base/json.h"
#include "engine_bench/distributions.h"
#include "engine_bench/speed.h"

namespace hearth::engine_bench {

/// Adds `speed` and `distributions`; the chosen one runs and sets `out`. Must outlive the parse.
struct CommandLine {
  std::optional<Result<json::object>> out;

  explicit CommandLine(CLI::App& app);

 private:
  void add_speed(CLI::App& app);
  void add_distributions(CLI::App& app);

  SpeedOptions speed_;
  DistributionOptions distributions_;
};

}  // namespace hearth::engine_bench
