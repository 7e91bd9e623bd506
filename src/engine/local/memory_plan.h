// How much memory the KV cache may take, and what context that allows.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/window_pages.h"

namespace hearth::engine {

struct MemoryFacts {
  std::uint64_t page_bytes = 0;       ///< of one page over all layers
  std::uint64_t window_bytes = 0;     ///< of them those of layers with a window
  std::uint32_t window = 0;           ///< WindowOptions::tokens; 0: no layer has one
  std::uint64_t state_bytes = 0;      ///< of one recurrent state; 0: the model keeps none
  std::uint32_t model_context = 0;    ///< what the model was made for
  std::uint64_t available_bytes = 0;  ///< free when the weights are loaded
};

struct MemoryPlan {
  std::uint32_t pages = 0;           ///< the limit; memory is taken as pages are used
  WindowOptions windows = {};        ///< none where all layers share the pages above
  std::uint32_t states = 0;          ///< slots for running sequences and snapshots; the same
  std::uint32_t context_length = 0;  ///< as served
};

/// Plans for what `max_sequences` full contexts need, but no more than `kv_bytes`, or where that is
/// 0 a quarter of the available memory; one full context may take three quarters. A context that
/// still does not fit is shortened, unless the options ask for it: then it is refused.
///
/// Layers with a window get pages of their own where a context is longer than what a sequence holds
/// of them at once: enough for that in every sequence and some more for later prompts, as far as
/// the context leaves room, but no more than the other layers get.
///
/// Recurrent states get a slot per sequence and as many for snapshots, within an eighth of the
/// available memory, but two in any case.
///
/// @returns OutOfMemory, with the numbers.
Result<MemoryPlan> plan_memory(const EngineOptions& options, const MemoryFacts& facts);

}  // namespace hearth::engine
