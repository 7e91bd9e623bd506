// Packed matrices from a checkpoint's files into panels, without an array of the whole in between.
#include <optional>
#include <utility>

#include "kernels/panel_matrix.h"
#include "nn/packed_names.h"
#include "nn/panels.h"
#include "nn/weights.h"

namespace hearth::nn {

namespace {

/// What the kernels call a packing whose scales are stored as `dtype`; nullopt for what they do not
/// have, and for float32, which is narrowed where that loses nothing: arrays do that.
std::optional<kernels::PackedFormat> format_of(const Packing& packing, std::string_view dtype) {
  kernels::PackedFormat format{.bits = packing.bits, .group = packing.group_size};
  if (packing.mode == PackingMode::Mxfp4 && dtype == "U8")
    format.scale_type = kernels::ScaleType::E8M0;
  else if (packing.mode == PackingMode::Nvfp4 && dtype == "U8")
    format.scale_type = kernels::ScaleType::E4M3;
  else if (packing.mode == PackingMode::Affine && dtype == "BF16")
    format.scale_type = kernels::ScaleType::BF16;
  else if (packing.mode == PackingMode::Affine && dtype == "F16")
    format.scale_type = kernels::ScaleType::F16;
  else
    return {};
  return format;
}

/// A packed matrix in the files of a checkpoint.
struct StoredMatrix {
  const Checkpoint& checkpoint;
  const Checkpoint::Tensor& codes;
  const Checkpoint::Tensor& scales;
  const Checkpoint::Tensor* biases;  ///< null where codes are E2M1 numbers
  kernels::PackedFormat format;
  int rows;
  int width;

  Result<kernels::PackedPiece> read(int first, int count) const {
    const std::size_t code_bytes = codes.entry.bytes / static_cast<std::size_t>(rows);
    const std::size_t scale_bytes = scales.entry.bytes / static_cast<std::size_t>(rows);
    const auto size = static_cast<std::size_t>(count);
    const std::size_t all = size * (code_bytes + scale_bytes * (biases ? 2 : 1));
    const auto memory = std::make_shared_for_overwrite<std::byte[]>(all);
    std::byte* next = memory.get();
    const auto part = [&](const Checkpoint::Tensor& tensor,
                          std::size_t row_bytes) -> Result<std::byte*> {
      std::byte* to = std::exchange(next, next + size * row_bytes);
      TRY(checkpoint.read_bytes(tensor, static_cast<std::uint64_t>(first) * row_bytes,
                                {to, size * row_bytes}));
      return to;
    };
    const std::byte* code = TRY(part(codes, code_bytes));
    const std::byte* scale = TRY(part(scales, scale_bytes));
    const std::byte* bias = biases ? TRY(part(*biases, scale_bytes)) : nullptr;
    return kernels::PackedPiece{.view = {.codes = reinterpret_cast<const std::uint8_t*>(code),
                                         .code_stride = static_cast<std::int64_t>(code_bytes),
                                         .scales = scale,
                                         .biases = bias,
                                         .scale_stride = width / format.group,
                                         .bias_stride = width / format.group,
                                         .format = format,
                                         .outputs = count,
                                         .width = width},
                                .memory = memory};
  }
};

}  // namespace

Matrix Weights::prepared_matrix(const std::string& path, int rows, int width) {
  const bool packed = has(scales_of(path)) && !has(fp8_scales_of(path));
  if (!packed || !kernels_serve() || options_.unpack) return matrix(path, rows, width).prepared();
  const auto packing = packing_of(path, {rows, width});
  if (!packing || read_error_) return Matrix(placeholder({1, 1}));
  Panels panels = read_panels(path, {rows, width}, *packing);
  return panels ? Matrix(std::move(panels), options_.rows) : matrix(path, rows, width).prepared();
}

/// nullptr for what arrays serve better, or what has a fault that they tell.
Panels Weights::read_panels(const std::string& path, const mx::Shape& shape,
                            const Packing& packing) {
  const bool affine = packing.mode == PackingMode::Affine;
  const auto& codes = entry(codes_of(path));
  const auto& scales = entry(scales_of(path));
  const auto* biases = affine && has(biases_of(path)) ? &entry(biases_of(path)) : nullptr;
  const auto format = format_of(packing, scales.entry.dtype);
  const bool plain = codes.entry.dtype == "U32" && !turned_.contains(codes_of(path)) &&
                     shape[0] > 0 && format && kernels::fits_panels(*format, shape[1]);
  if (!plain || (affine && (!biases || biases->entry.dtype != scales.entry.dtype ||
                            biases->entry.shape != scales.entry.shape)))
    return nullptr;
  const StoredMatrix stored{checkpoint_, codes, scales, biases, *format, shape[0], shape[1]};
  auto panels = kernels::PanelMatrix::pack(
      *format, shape[0], shape[1], [&](int first, int count) { return stored.read(first, count); });
  if (!panels) {
    read_error_ = std::move(panels).error().context(
        fmt::format("tensor \"{}\"", names_.find(codes_of(path))->second));
    return nullptr;
  }
  bytes_ += (*panels)->bytes();
  return *std::move(panels);
}

}  // namespace hearth::nn
