// Puts packed matrices into panels.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "kernels/panel_layout.h"
#include "kernels/thread_pool.h"

namespace hearth::kernels {

/// Some rows of a packed matrix, and what keeps them in memory; `view.outputs` of them.
struct PackedPiece {
  PackedView view;
  std::shared_ptr<const void> memory = {};
};

/// Gives rows [first, first + rows) of a packed matrix. Any thread, several at once.
using PackedRows = std::function<Result<PackedPiece>(int first, int rows)>;

/// Puts all rows into panels at `to`, panel_bytes() of it, a piece at a time.
/// @returns the first error of `rows`; what lies at `to` is of no use then.
Result<void> pack_panels(const PackedRows& rows, int outputs, const PanelLayout& layout,
                         std::uint8_t* to, ThreadPool& pool);

}  // namespace hearth::kernels
