// Takes experts apart whose gate and up are one tensor, plain or in MXFP4.
#include <utility>

#include "nn/experts.h"

namespace hearth::nn {

namespace {

constexpr int kBlock = 32;  // numbers of one MXFP4 block
constexpr int kBlockBytes = 16;

/// A fused tensor's part [E, N / 2, ...]: half of the rows, or every second row from `half` on.
mx::array part_of(const mx::array& whole, int half, bool interleaved) {
  const int rows = whole.shape(1);
  mx::Shape from(whole.ndim(), 0);
  mx::Shape to = whole.shape();
  mx::Shape step(whole.ndim(), 1);
  from[1] = interleaved ? half : half * rows / 2;
  if (interleaved)
    step[1] = 2;
  else
    to[1] = from[1] + rows / 2;
  mx::array part = mx::contiguous(mx::slice(whole, std::move(from), std::move(to), step));
  mx::eval(part);
  return part;
}

ExpertMatrix part_of(const ExpertMatrix& whole, int half, bool interleaved) {
  const auto cut = [&](const mx::array& a) { return part_of(a, half, interleaved); };
  if (const auto* plain = std::get_if<mx::array>(&whole.content()))
    return ExpertMatrix(cut(*plain), whole.row_policy());
  const auto& packed = std::get<PackedMatrix>(whole.content());
  std::optional<mx::array> biases;
  if (packed.biases) biases = cut(*packed.biases);
  return ExpertMatrix(PackedMatrix{cut(packed.codes), cut(packed.scales), std::move(biases),
                                   packed.packing, packed.dtype},
                      whole.row_policy());
}

/// The MXFP4 stack `<path>_blocks` [E, N, K / 32, 16] bytes, low half first, and its `_scales`.
ExpertMatrix read_blocks(Weights& weights, const std::string& path, const StackShape& shape) {
  const std::string blocks = path + "_blocks";
  if (!weights.quantisation().mxfp4_blocks)
    weights.problem_of(blocks,
                       "belongs to MXFP4 weights, but config.json has no quantization_config with "
                       "quant_method \"mxfp4\"");
  const int groups = shape.width / kBlock;
  const int row_bytes = groups * kBlockBytes;
  const auto bytes = weights.byte_tensor(blocks, {shape.count, shape.rows, groups, kBlockBytes});
  const auto scales = weights.byte_tensor(path + "_scales", {shape.count, shape.rows, groups});
  if (shape.width % kBlock != 0) {
    weights.problem_of(
        blocks, fmt::format("holds rows of {} numbers, no multiple of {}", shape.width, kBlock));
    return ExpertMatrix(placeholder({1, 2, 1}));
  }
  const mx::array codes =
      mx::view(mx::reshape(bytes, {shape.count, shape.rows, row_bytes}), mx::uint32);
  return weights.ready_stack({codes, scales, {}, format_of(PackingMode::Mxfp4).usual});
}

/// The stack `name` [E, N, K] in any of its forms.
ExpertMatrix read_stack(const ExpertsSpec& spec, const Scope& scope, const std::string& name,
                        const StackShape& shape) {
  if (scope.has(name + "_blocks")) return read_blocks(scope.weights(), scope.join(name), shape);
  if (scope.has(name + ".weight")) return scope.weights().stack(scope.join(name), shape);
  const RowPolicy policy = scope.weights().row_policy();
  if (!spec.transposed)
    return ExpertMatrix(scope.plain_matrix(name, {shape.count, shape.rows, shape.width}), policy);
  const mx::array stored = scope.plain_matrix(name, {shape.count, shape.width, shape.rows});
  mx::array turned = mx::contiguous(mx::swapaxes(stored, 1, 2));
  mx::eval(turned);
  return ExpertMatrix(std::move(turned), policy);
}

}  // namespace

bool fused_experts(const Scope& weights) {
  for (const char* form : {"gate_up_proj", "gate_up_proj.weight", "gate_up_proj_blocks"})
    if (weights.has(form)) return true;
  return false;
}

ExpertLayers read_fused_experts(const ExpertsSpec& spec, const Scope& weights) {
  const int both = 2 * spec.inner;
  const auto half = [&](const ExpertMatrix& whole, const std::optional<mx::array>& bias,
                        int which) {
    ExpertLayer layer{part_of(whole, which, spec.interleaved), {}};
    if (bias) layer.bias = part_of(*bias, which, spec.interleaved);
    return layer;
  };
  std::optional<mx::array> bias;
  if (spec.bias) bias = weights.tensor("gate_up_proj_bias", {spec.experts, both});
  const ExpertMatrix whole =
      read_stack(spec, weights, "gate_up_proj", {spec.experts, both, spec.width});
  ExpertLayers layers{
      half(whole, bias, 0),
      half(whole, bias, 1),
      {read_stack(spec, weights, "down_proj", {spec.experts, spec.width, spec.inner}), {}}};
  if (spec.bias) layers.down.bias = weights.tensor("down_proj_bias", {spec.experts, spec.width});
  return layers;
}

}  // namespace hearth::nn
