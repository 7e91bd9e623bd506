// From a GGUF file's tensors to those of MLX's layout.
#include <algorithm>

#include "convert/arrange.h"
#include "convert/name_order.h"
#include "nn/weights.h"

namespace hearth::convert {

namespace {

/// Heads of a matrix whose rows lie in pairs; 0 for all others.
int paired_heads(const gguf::Family& family, const std::string& name,
                 const models::Config& config) {
  if (!family.paired_rows) return 0;
  if (name.contains(".q_proj.")) return config.heads;
  return name.contains(".k_proj.") ? config.kv_heads : 0;
}

/// Of each head every second row from the first one on, then every second from the second one on.
Result<void> unpair(Weight& weight, int heads) {
  const RowRange whole = weight.ranges[0];
  const std::int64_t rows = weight.shape[0];
  if (rows % (std::int64_t{2} * heads) != 0)
    return fail(ErrorCode::CorruptData, "tensor \"{}\" {} does not divide into {} heads",
                whole.tensor, nn::shape_text(weight.shape), heads);
  const std::int64_t width = rows / heads;
  weight.ranges.clear();
  for (int head = 0; head < heads; ++head)
    for (int half = 0; half < 2; ++half) {
      RowRange range = whole;
      range.first = head * width + half;
      range.count = width / 2;
      range.step = 2;
      range.width = weight.shape.size() == 1 ? 1 : 0;
      weight.ranges.push_back(std::move(range));
    }
  return {};
}

}  // namespace

Result<Arrangement> arrange_gguf(const SourceTensors& source, const models::Config& config,
                                 const gguf::Family& family) {
  Arrangement done;
  for (const auto& [stored, tensor] : source.all()) {
    if (stored == gguf::kRopeFactors) continue;  // config.json says it
    const std::string name = gguf::mlx_name(family, stored);
    if (name.empty())
      return fail(ErrorCode::UnsupportedArgument,
                  "tensor \"{}\" is not known of the architecture {}", stored, family.architecture);
    Weight weight{.name = name, .shape = tensor.shape, .ranges = {{.tensor = stored}}};
    weight.ranges[0].count = weight.rows();
    if (const int heads = paired_heads(family, name, config); heads > 0) TRY(unpair(weight, heads));
    if (family.one_in_norms && name.ends_with("norm.weight")) weight.added = -1.0F;
    done.weights.push_back(std::move(weight));
  }
  std::ranges::sort(done.weights, comes_before, &Weight::name);
  return done;
}

}  // namespace hearth::convert
