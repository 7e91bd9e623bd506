// Packed matrices from a checkpoint's files into panels, without an array of the whole in between.
#include <functional>
#include <numeric>
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

}  // namespace

/// A packed matrix, or a stack of them with all their rows, in the files of a checkpoint.
struct Weights::StoredMatrix {
  std::string name;
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

Matrix Weights::prepared_matrix(const std::string& path, int rows, int width) {
  if (!wants_panels(path)) return matrix(path, rows, width).prepared();
  const auto packing = packing_of(path, {rows, width});
  if (!packing || read_error_) return Matrix(placeholder({1, 1}));
  const auto stored = stored_matrix(path, {rows, width}, *packing);
  if (!stored) return matrix(path, rows, width).prepared();
  Panels panels = read_panels(*stored, 0, rows);
  return panels ? Matrix(std::move(panels), options_.rows) : Matrix(placeholder({1, 1}));
}

ExpertMatrix Weights::prepared_stack(const std::string& path, const StackShape& shape) {
  if (!wants_panels(path)) return stack(path, shape).prepared();
  const mx::Shape whole{shape.count, shape.rows, shape.width};
  const auto packing = packing_of(path, whole);
  if (!packing || read_error_) return ExpertMatrix(placeholder({1, 1, 1}));
  const auto stored = stored_matrix(path, whole, *packing);
  if (!stored) return stack(path, shape).prepared();
  std::vector<Panels> panels;
  panels.reserve(static_cast<std::size_t>(shape.count));
  for (int expert = 0; expert < shape.count; ++expert)
    panels.push_back(read_panels(*stored, expert * shape.rows, shape.rows));
  return panel_stack(std::move(panels));
}

std::optional<ExpertMatrix> Weights::prepared_stack(const std::vector<std::string>& paths,
                                                    const StackShape& shape) {
  for (const std::string& path : paths)
    if (!wants_panels(path)) return {};
  std::vector<StoredMatrix> parts;
  bool faulty = read_error_.has_value();
  bool alike = true;
  for (const std::string& path : paths) {  // all of them, so that none counts as left over
    const auto packing = packing_of(path, {shape.rows, shape.width});
    faulty |= !packing;
    if (faulty) continue;
    auto part = stored_matrix(path, {shape.rows, shape.width}, *packing);
    alike &= part && (parts.empty() || part->format == parts.front().format);
    if (alike) parts.push_back(*std::move(part));
  }
  if (faulty) return ExpertMatrix(placeholder({1, 1, 1}));
  if (!alike) return {};
  std::vector<Panels> panels;
  panels.reserve(parts.size());
  for (const StoredMatrix& part : parts) panels.push_back(read_panels(part, 0, shape.rows));
  return panel_stack(std::move(panels));
}

/// Of matrices that are there, unless reading failed.
ExpertMatrix Weights::panel_stack(std::vector<Panels> panels) const {
  if (read_error_) return ExpertMatrix(placeholder({1, 1, 1}));
  return ExpertMatrix(std::make_shared<const std::vector<Panels>>(std::move(panels)),
                      options_.rows);
}

/// Whether `path` is packed in one of MLX's ways, and multiplied so by our kernels.
bool Weights::wants_panels(const std::string& path) const {
  return has(scales_of(path)) && !has(fp8_scales_of(path)) && kernels_serve() && !options_.unpack;
}

/// nullopt for what arrays serve better, or what has a fault that they tell.
std::optional<Weights::StoredMatrix> Weights::stored_matrix(const std::string& path,
                                                            const mx::Shape& shape,
                                                            const Packing& packing) const {
  const bool affine = packing.mode == PackingMode::Affine;
  const auto& codes = entry(codes_of(path));
  const auto& scales = entry(scales_of(path));
  const auto* biases = affine && has(biases_of(path)) ? &entry(biases_of(path)) : nullptr;
  const auto format = format_of(packing, scales.entry.dtype);
  const int rows = std::accumulate(shape.begin(), shape.end() - 1, 1, std::multiplies<>());
  const bool plain = codes.entry.dtype == "U32" && !turned_.contains(codes_of(path)) && rows > 0 &&
                     format && kernels::fits_panels(*format, shape.back());
  if (!plain || (affine && (!biases || biases->entry.dtype != scales.entry.dtype ||
                            biases->entry.shape != scales.entry.shape)))
    return {};
  return StoredMatrix{.name = names_.find(codes_of(path))->second,
                      .checkpoint = checkpoint_,
                      .codes = codes,
                      .scales = scales,
                      .biases = biases,
                      .format = *format,
                      .rows = rows,
                      .width = shape.back()};
}

/// Rows [first, first + rows) as a matrix; nullptr where they cannot be read.
Panels Weights::read_panels(const StoredMatrix& stored, int first, int rows) {
  if (read_error_) return nullptr;
  auto panels = kernels::PanelMatrix::pack(
      stored.format, rows, stored.width,
      [&](int from, int count) { return stored.read(first + from, count); });
  if (!panels) {
    read_error_ = std::move(panels).error().context(fmt::format("tensor \"{}\"", stored.name));
    return nullptr;
  }
  bytes_ += (*panels)->bytes();
  return *std::move(panels);
}

}  // namespace hearth::nn
