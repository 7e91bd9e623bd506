// What the engine's loop is told from outside.
#pragma once

#include <chrono>
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
  std::filesystem::path prompts = {};
  std::uint64_t prompts_bytes = 0;
  std::chrono::milliseconds rest_after{1000};  ///< without work, until the device gives memory back
};

}  // namespace hearth::engine
