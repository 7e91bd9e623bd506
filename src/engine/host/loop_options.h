// What the engine's loop is told from outside.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/scheduler.h"

namespace hearth::engine {

/// See EngineOptions for what the fields mean.
struct LoopOptions {
  SchedulerLimits limits = {};
  std::uint32_t token_interval_ms = 150;
  bool prefix_cache = true;
  bool measure_steps = false;
  std::filesystem::path step_times = {};
};

}  // namespace hearth::engine
