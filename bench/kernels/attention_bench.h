// The lines of `./dev bench kernels` about attention.
#pragma once

#include "kernels/roofs.h"
#include "kernels/thread_pool.h"

namespace hearth::bench {

/// Registers decoding and reading of prompts for two shapes of heads, every type of page, and all
/// fast paths.
void add_attention(const Roofs& roofs, kernels::ThreadPool& pool);

}  // namespace hearth::bench
