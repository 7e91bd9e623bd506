// Summaries and measurements of conversions as JSON.
#include "cli/conversion_json.h"

#include <utility>

#include "platform/machine.h"

namespace hearth::cli {

json::object to_json(const convert::Summary& summary, const std::filesystem::path& target) {
  json::array plain;
  for (const convert::PlainLayers& layers : summary.plain)
    plain.push_back(json::object{{"path", layers.path},
                                 {"shape", layers.shape},
                                 {"count", layers.count},
                                 {"reason", layers.reason}});
  return {{"folder", target.string()},
          {"how", summary.how},
          {"source_bytes", summary.source_bytes},
          {"bytes", summary.target_bytes},
          {"files", summary.files},
          {"needed_disk_bytes", summary.needed_bytes},
          {"finished_files", summary.finished_files},
          {"starts_over", summary.starts_over},
          {"parameters", summary.parameters},
          {"bits_per_weight", summary.bits_per_weight},
          {"packed", summary.packed},
          {"kept", summary.kept},
          {"plain", std::move(plain)},
          {"left_out", json::value_from(summary.dropped)},
          {"not_copied", json::value_from(summary.left)},
          {"peak_memory_bytes", platform::peak_resident_bytes()}};
}

json::object to_json(const convert::AutoRecipe& recipe) {
  json::array matrices;
  for (const convert::MatrixChoice& matrix : recipe.matrices)
    matrices.push_back(json::object{{"path", matrix.path},
                                    {"weights", matrix.weights},
                                    {"kl", matrix.measured},
                                    {"bits", matrix.bits}});
  return {{"bits_per_weight", recipe.bits_per_weight},
          {"expected_kl", recipe.expected_kl},
          {"probe_bits", recipe.probe_bits},
          {"tokens", recipe.tokens},
          {"matrices", std::move(matrices)}};
}

}  // namespace hearth::cli
