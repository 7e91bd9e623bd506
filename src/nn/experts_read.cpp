// Brings the layouts in which checkpoints keep experts into one: stacked, gate and up apart.
#include <vector>

#include "nn/experts.h"

namespace hearth::nn {

namespace {

/// All matrices must be packed alike to be stacked.
bool alike(const std::vector<Matrix>& matrices) {
  const auto packing = [](const Matrix& matrix) -> std::optional<Packing> {
    const auto* packed = std::get_if<PackedMatrix>(&matrix.content());
    return packed ? std::optional(packed->packing) : std::nullopt;
  };
  for (const Matrix& matrix : matrices)
    if (packing(matrix) != packing(matrices.front())) return false;
  return true;
}

/// The matrices at `paths` as they are stored.
ExpertMatrix stacked(const Scope& scope, const std::string& name,
                     const std::vector<std::string>& paths, const StackShape& shape) {
  ExpertMatrix nothing(placeholder({1, 1, 1}));
  std::vector<Matrix> matrices;
  matrices.reserve(paths.size());
  for (const std::string& path : paths)
    matrices.push_back(scope.weights().matrix(path, shape.rows, shape.width));
  if (!alike(matrices)) {
    scope.weights().problem(
        fmt::format("the experts' \"{}\" under \"{}\" are not packed alike", name, scope.join("")));
    return nothing;
  }
  // Sizes that do not fit are placeholders, and already reported.
  for (const Matrix& matrix : matrices)
    if (matrix.bytes() != matrices.front().bytes()) return nothing;
  return ExpertMatrix::of(matrices, scope.weights().row_policy());
}

/// `<e>.<name>` of every expert e.
ExpertLayer read_each(const Scope& scope, const std::string& name, const StackShape& shape,
                      bool bias) {
  std::vector<std::string> paths;
  paths.reserve(static_cast<std::size_t>(shape.count));
  for (int expert = 0; expert < shape.count; ++expert)
    paths.push_back(scope.join(fmt::format("{}.{}", expert, name)));
  auto panels = scope.weights().prepared_stack(paths, shape);
  ExpertLayer layer{panels ? *std::move(panels) : stacked(scope, name, paths, shape), {}};
  if (!bias) return layer;
  std::vector<mx::array> biases;
  biases.reserve(paths.size());
  for (const std::string& path : paths)
    biases.push_back(scope.weights().tensor(path + ".bias", {shape.rows}));
  layer.bias = mx::stack(biases, 0);
  mx::eval(*layer.bias);
  return layer;
}

ExpertLayer read_stacked(const Scope& scope, const std::string& name, const StackShape& shape,
                         bool bias) {
  const std::string path = scope.join(name);
  ExpertLayer layer{scope.weights().prepared_stack(path, shape), {}};
  if (bias) layer.bias = scope.weights().tensor(path + ".bias", {shape.count, shape.rows});
  return layer;
}

ExpertLayers read_layers(const ExpertsSpec& spec, const Scope& weights) {
  const StackShape inward{spec.experts, spec.inner, spec.width};
  const StackShape outward{spec.experts, spec.width, spec.inner};
  if (fused_experts(weights)) return read_fused_experts(spec, weights);
  if (weights.has("gate_proj.weight"))
    return {read_stacked(weights, "gate_proj", inward, spec.bias),
            read_stacked(weights, "up_proj", inward, spec.bias),
            read_stacked(weights, "down_proj", outward, spec.bias)};
  return {read_each(weights, "gate_proj", inward, spec.bias),
          read_each(weights, "up_proj", inward, spec.bias),
          read_each(weights, "down_proj", outward, spec.bias)};
}

}  // namespace

ExpertLayers read_experts(const ExpertsSpec& spec, const Scope& weights) {
  ExpertLayers layers = read_layers(spec, weights);
  // One after another: beside the panels, memory holds what is not copied yet.
  for (ExpertLayer* layer : {&layers.gate, &layers.up, &layers.down})
    layer->weight = layer->weight.prepared();
  return layers;
}

}  // namespace hearth::nn
