// Attention by our own kernel for the CPU.
#pragma once

#include <memory>

#include "nn/attention_plan.h"
#include "nn/step_batch.h"

namespace hearth::kernels {
struct PagedStep;
}

namespace hearth::nn {

struct KvShape;

/// The step's sequences for layers that use one of its page tables, as the kernel reads them.
/// @param window  the layers': 0, or a query sees itself and the `window - 1` tokens before it
/// @throws std::out_of_range where a row sees a page that the table of window pages lacks.
std::shared_ptr<const kernels::PagedStep> plan_kernel_attention(const StepBatch& batch, int window,
                                                                PageTable table = PageTable::All);

/// Whether the kernel keeps such keys channel by channel in their pages: [pages *
/// K][Dh][kPageTokens] instead of [pages * K][kPageTokens][Dh], so that it need not turn them for
/// every query.
bool kernel_turns_keys(const KvShape& shape);

}  // namespace hearth::nn
