// Gives panels a place in memory.
#include "kernels/panel_matrix.h"

#include <utility>

#include "kernels/weight_memory.h"

namespace hearth::kernels {

std::shared_ptr<const PanelMatrix> PanelMatrix::pack(const PackedView& w) {
  const PanelLayout layout = panel_layout(w.format, w.width);
  std::shared_ptr<std::uint8_t> memory = weight_memory(panel_bytes(layout, w.outputs));
  pack_panels(w, layout, memory.get(), ThreadPool::of_process());
  const PanelView view{layout, memory.get(), w.outputs};
  return std::shared_ptr<const PanelMatrix>(new PanelMatrix(view, std::move(memory)));
}

}  // namespace hearth::kernels
