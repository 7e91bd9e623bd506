// Takes packed matrices out of a checkpoint: MLX's formats, and FP8 with block scales.
#include <utility>

#include "nn/packed_names.h"
#include "nn/weights.h"

namespace hearth::nn {

namespace {

/// The same shape with another last axis.
mx::Shape with_last(mx::Shape shape, int last) {
  shape.back() = last;
  return shape;
}

/// Bits and group size that make codes and scales of these shapes the matrix `shape`.
std::optional<Packing> found_packing(const mx::Shape& codes, const mx::Shape& scales,
                                     const mx::Shape& shape) {
  const std::int64_t width = shape.back();
  if (codes.size() != shape.size() || with_last(codes, shape.back()) != shape) return {};
  if (scales.size() != shape.size() || with_last(scales, shape.back()) != shape) return {};
  if (codes.back() == 0 || scales.back() == 0 || width % scales.back() != 0) return {};
  if (std::int64_t{32} * codes.back() % width != 0) return {};
  return Packing{.bits = static_cast<int>(std::int64_t{32} * codes.back() / width),
                 .group_size = static_cast<int>(width / scales.back())};
}

int blocks(int length, int block) {
  return (length + block - 1) / block;
}

/// Each entry of a [1 or blocks, 1 or blocks] table over the rows and columns of its block.
mx::array spread(const mx::array& scales, int rows, int width, const Fp8Blocks& block) {
  mx::array wide = scales;
  if (scales.shape(0) > 1)
    wide = mx::slice(mx::repeat(wide, block.rows, 0), {0, 0}, {rows, wide.shape(1)});
  if (scales.shape(1) > 1)
    wide = mx::slice(mx::repeat(wide, block.columns, 1), {0, 0}, {wide.shape(0), width});
  return wide;
}

}  // namespace

Matrix Weights::matrix(const std::string& path, int rows, int width) {
  const mx::Shape shape{rows, width};
  if (has(fp8_scales_of(path))) return Matrix(fp8_matrix(path, rows, width), options_.rows);
  if (!has(scales_of(path))) return Matrix(plain_matrix(codes_of(path), shape), options_.rows);
  const auto packed = packed_matrix(path, shape);
  if (!packed) return Matrix(placeholder({1, 1}));
  return options_.unpack ? Matrix(unpacked(*packed), options_.rows)
                         : Matrix(*packed, options_.rows);
}

ExpertMatrix Weights::stack(const std::string& path, const StackShape& size) {
  const mx::Shape shape{size.count, size.rows, size.width};
  if (!has(scales_of(path)))
    return ExpertMatrix(plain_matrix(codes_of(path), shape), options_.rows);
  const auto packed = packed_matrix(path, shape);
  return packed ? ready_stack(*packed) : ExpertMatrix(placeholder({1, 1, 1}));
}

ExpertMatrix Weights::ready_stack(PackedMatrix packed) {
  packed.dtype = options_.dtype;
  if (options_.unpack) return ExpertMatrix(unpacked(packed), options_.rows);
  return ExpertMatrix(std::move(packed), options_.rows);
}

mx::array Weights::unpacked(const PackedMatrix& packed) {
  mx::array plain = unpack(packed);
  mx::eval(plain);
  bytes_ += plain.nbytes() - packed.bytes();
  return plain;
}

std::optional<PackedMatrix> Weights::packed_matrix(const std::string& path,
                                                   const mx::Shape& shape) {
  const auto packing = packing_of(path, shape);
  if (!packing) return {};
  const bool affine = packing->mode == PackingMode::Affine;
  const mx::Shape groups = with_last(shape, shape.back() / packing->group_size);
  auto codes = take(codes_of(path), with_last(shape, shape.back() * packing->bits / 32));
  auto scales = take(scales_of(path), groups);
  std::optional<mx::array> biases;
  if (affine) biases = take(biases_of(path), groups);
  if (!codes || !scales || (affine && !biases)) return {};
  const bool fits =
      affine ? mx::issubdtype(scales->dtype(), mx::floating) && biases->dtype() == scales->dtype()
             : scales->dtype() == mx::uint8;
  if (codes->dtype() != mx::uint32 || !fits) {
    problem_of(codes_of(path),
               affine ? "packed weights must be U32 with floating-point scales and biases"
                      : fmt::format("{} weights must be U32 with scales of U8",
                                    format_of(packing->mode).name));
    return {};
  }
  return PackedMatrix{*codes, *scales, std::move(biases), *packing, options_.dtype};
}

std::optional<Packing> Weights::packing_of(const std::string& path, const mx::Shape& shape) {
  const std::string codes_path = codes_of(path);
  taken_.insert({codes_path, scales_of(path)});
  if (has(biases_of(path))) taken_.insert(biases_of(path));
  if (!has(codes_path)) {
    problem(fmt::format("tensor \"{}\" is missing beside its scales", codes_path));
    return {};
  }
  const mx::Shape codes = shape_of(entry(codes_path).entry);
  const mx::Shape scales = shape_of(entry(scales_of(path)).entry);
  const auto found = found_packing(codes, scales, shape);
  if (found) return told_packing(path, *found);
  problem_of(codes_path, fmt::format("codes {} and scales {} do not make a packed matrix {}",
                                     shape_text(codes), shape_text(scales), shape_text(shape)));
  return {};
}

std::optional<Packing> Weights::told_packing(const std::string& path, const Packing& found) {
  const std::string stored = names_.find(codes_of(path))->second;
  const auto told =
      quantisation_.at(stored.substr(0, stored.size() - std::string(".weight").size()));
  if (told && told->bits == found.bits && told->group_size == found.group_size) {
    const bool wanted = told->mode == PackingMode::Affine;
    if (wanted || !has(biases_of(path))) return told;
    problem_of(biases_of(path), fmt::format("{} weights have no biases", text_of(*told)));
    return {};
  }
  problem_of(codes_of(path), fmt::format("is packed in {}, but config.json says {}", text_of(found),
                                         told ? text_of(*told) : "a plain layer"));
  return {};
}

mx::array Weights::fp8_matrix(const std::string& path, int rows, int width) {
  const std::string codes_path = codes_of(path);
  mx::array nothing = placeholder({1, 1});
  // What a runtime may multiply activations by before rounding them to FP8: ours stay wider.
  for (const char* name : {".activation_scale", ".input_scale"})
    if (has(path + name)) taken_.insert(path + name);
  const mx::array scales = fp8_scales(path, rows, width);
  const auto codes = take(codes_path, {rows, width});
  if (!codes || scales.ndim() != 2) return nothing;
  if (entry(codes_path).entry.dtype != "F8_E4M3") {
    problem_of(codes_path, "must be F8_E4M3 beside its weight_scale_inv");
    return nothing;
  }
  const mx::array numbers = mx::from_fp8(*codes, mx::float32);
  mx::array plain = mx::astype(
      mx::multiply(numbers, spread(scales, rows, width, *quantisation_.fp8)), options_.dtype);
  mx::eval(plain);
  bytes_ += plain.nbytes() - codes->nbytes() - scales.nbytes();
  return plain;
}

/// [blocks, blocks] float32, or [1, 1] where one scale serves the whole matrix; a scalar where it
/// is faulty.
mx::array Weights::fp8_scales(const std::string& path, int rows, int width) {
  const std::string scales_path = fp8_scales_of(path);
  mx::array nothing = placeholder({});
  taken_.insert({scales_path, codes_of(path)});
  if (!quantisation_.fp8) {
    problem_of(scales_path,
               "belongs to FP8 weights, but config.json has no quantization_config with "
               "quant_method \"fp8\"");
    return nothing;
  }
  const Fp8Blocks& block = *quantisation_.fp8;
  const mx::Shape table{blocks(rows, block.rows), blocks(width, block.columns)};
  const bool single = entry(scales_path).entry.elements() == 1;
  const auto scales =
      take_floats(scales_path, single ? shape_of(entry(scales_path).entry) : table, Kept::Computed);
  if (!scales) return nothing;
  return mx::astype(single ? mx::reshape(*scales, {1, 1}) : *scales, mx::float32);
}

}  // namespace hearth::nn
