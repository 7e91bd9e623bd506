// What a model takes in memory once it is loaded, and what of it is the context's.
#pragma once

#include <cstdint>
#include <string>

#include "services/library/memory_need.h"

namespace hearth::services {

/// What settings say about keys and values.
struct KvWishes {
  std::uint32_t context_length = 0;  ///< as asked for; 0: the model's own
  std::uint32_t max_sequences = 64;  ///< that run at once
  std::uint64_t fixed_bytes = 0;     ///< as asked for; 0: planned
  double part = 1;                   ///< of what they take in 16 bits
};

struct LoadNeed {
  std::uint64_t base_bytes = 0;  ///< weights, a step's numbers and the process
  std::uint64_t least_kv = 0;    ///< keys and values of the shortest context that is of use
  std::uint64_t usual_kv = 0;    ///< of one whole context
  std::uint64_t most_kv = 0;     ///< of all sequences that may run at once
};

/// @param measured_base  what was measured when the model ran before; 0: never
/// @param budget_bytes   a quarter of it is the most that keys and values get for comfort; 0: no
///                       limit is known, and the worker plans by itself (all of kv is 0)
LoadNeed load_need(const MemoryNeed& need, std::uint64_t measured_base, const KvWishes& wishes,
                   std::uint64_t budget_bytes);

/// What `--kv-cache` makes of keys and values in 16 bits: "8-bit" a little more than half.
double kv_part(const std::string& kv_cache);

}  // namespace hearth::services
