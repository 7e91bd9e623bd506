// How much memory the KV cache may take, and what context that allows.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "engine/engine.h"

namespace hearth::engine {

struct MemoryFacts {
  std::uint64_t page_bytes = 0;       ///< of one page over all layers
  std::uint64_t state_bytes = 0;      ///< of one recurrent state; 0: the model keeps none
  std::uint32_t model_context = 0;    ///< what the model was made for
  std::uint64_t available_bytes = 0;  ///< free when the weights are loaded
};

struct MemoryPlan {
  std::uint32_t pages = 0;           ///< the limit; memory is taken as pages are used
  std::uint32_t states = 0;          ///< slots for running sequences and snapshots; the same
  std::uint32_t context_length = 0;  ///< as served
};

/// Plans for what `max_sequences` full contexts need, but no more than `kv_bytes`, or where that is
/// 0 a quarter of the available memory; one full context may take three quarters. A context that
/// still does not fit is shortened, unless the options ask for it: then it is refused.
/// Recurrent states get a slot per sequence and as many for snapshots, within an eighth of the
/// available memory, but two in any case.
///
/// @returns OutOfMemory, with the numbers.
Result<MemoryPlan> plan_memory(const EngineOptions& options, const MemoryFacts& facts);

}  // namespace hearth::engine
