// How fast is a model on this machine: reading prompts, one stream, many streams?
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/json.h"

namespace hearth::engine_bench {

struct SpeedOptions {
  std::filesystem::path folder;
  std::optional<int> kv_bits = {};  ///< of keys and values; not given: what a server keeps
  int chunk = 0;                    ///< tokens of a prompt per step
  int repeats = 3;                  ///< of every measurement
  bool warm_up = true;              ///< whether one more comes first that does not count
  std::vector<int> prompts;         ///< lengths that are read
  std::vector<int> depths;          ///< where one stream decodes
  std::vector<int> streams;         ///< how many decode together, each behind a prompt of its own
  int stream_prompt = 128;          ///< tokens of that
  int tokens = 64;                  ///< decoded steps per measurement
  bool roofs = false;               ///< whether the machine is measured as well
};

/// Prompts as long as the engine would compute in one step.
int usual_chunk();

/// Loads the model as a worker does and measures.
///
/// @returns  load_s; prefill: [{tokens, seconds: [..]}]; decode: [{depth, streams, tokens,
/// seconds}]
///           where the seconds are those of all steps of one repeat; what the process holds; which
///           kernels ran.
Result<json::object> measure_speed(const SpeedOptions& options);

}  // namespace hearth::engine_bench
