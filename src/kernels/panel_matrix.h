// A packed matrix in panels that owns its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "kernels/panel_layout.h"
#include "kernels/panel_pack.h"

namespace hearth::kernels {

/// Never changes once it is made; any thread may read it.
class PanelMatrix {
 public:
  /// Copies `w`, for which fits_panels() holds, on the process's threads.
  static std::shared_ptr<const PanelMatrix> pack(const PackedView& w);

  /// The same from rows that are read as they are packed, on the process's threads.
  /// @returns the first error of `rows`.
  static Result<std::shared_ptr<const PanelMatrix>> pack(const PackedFormat& format, int outputs,
                                                         int width, const PackedRows& rows);

  const PanelView& view() const { return view_; }
  int outputs() const { return view_.outputs; }
  int width() const { return view_.layout.width; }
  std::size_t bytes() const { return panel_bytes(view_.layout, view_.outputs); }

 private:
  PanelMatrix(PanelView view, std::shared_ptr<std::uint8_t> memory)
      : view_(view), memory_(std::move(memory)) {}

  PanelView view_;
  std::shared_ptr<std::uint8_t> memory_;
};

}  // namespace hearth::kernels
