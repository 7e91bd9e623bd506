// Gives panels a place in memory.
#include "kernels/panel_matrix.h"

#include <utility>

#include "kernels/weight_memory.h"

namespace hearth::kernels {

namespace {

/// Rows of a matrix that lies in memory.
PackedPiece rows_of(const PackedView& w, int first, int rows) {
  const auto from = [&](const void* numbers, std::int64_t stride) -> const void* {
    if (numbers == nullptr) return nullptr;
    return static_cast<const std::uint8_t*>(numbers) +
           first * stride * scale_bytes(w.format.scale_type);
  };
  PackedView piece = w;
  piece.codes += first * w.code_stride;
  piece.scales = from(w.scales, w.scale_stride);
  piece.biases = from(w.biases, w.bias_stride);
  piece.outputs = rows;
  return {piece};
}

}  // namespace

std::shared_ptr<const PanelMatrix> PanelMatrix::pack(const PackedView& w) {
  const auto rows = [&](int first, int count) -> Result<PackedPiece> {
    return rows_of(w, first, count);
  };
  return pack(w.format, w.outputs, w.width, rows).value();  // memory is read without errors
}

Result<std::shared_ptr<const PanelMatrix>> PanelMatrix::pack(const PackedFormat& format,
                                                             int outputs, int width,
                                                             const PackedRows& rows) {
  const PanelLayout layout = panel_layout(format, width);
  std::shared_ptr<std::uint8_t> memory = weight_memory(panel_bytes(layout, outputs));
  TRY(pack_panels(rows, outputs, layout, memory.get(), ThreadPool::of_process()));
  const PanelView view{layout, memory.get(), outputs};
  return std::shared_ptr<const PanelMatrix>(new PanelMatrix(view, std::move(memory)));
}

}  // namespace hearth::kernels
