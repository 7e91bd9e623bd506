// Finds out which tensors belong together, and turns their rows into numbers.
#include "convert/source_tensors.h"

#include <algorithm>

#include "convert/gguf_rows.h"
#include "nn/weights.h"

namespace hearth::convert {

namespace {

std::int64_t product(const mx::Shape& shape) {
  std::int64_t count = 1;
  for (const int length : shape) count *= length;
  return count;
}

mx::Shape with_last(mx::Shape shape, std::int64_t last) {
  shape.back() = static_cast<int>(last);
  return shape;
}

bool ends_with_any(const std::string& name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](auto ending) { return name.ends_with(ending); });
}

std::string without(const std::string& name, std::string_view ending) {
  return name.substr(0, name.size() - ending.size());
}

mx::array slice_rows(const mx::array& rows, std::int64_t first, std::int64_t count) {
  const int begin = static_cast<int>(first);
  return mx::slice(rows, {begin, 0}, {begin + static_cast<int>(count), rows.shape(1)});
}

mx::array every(const mx::array& rows, std::int64_t step) {
  if (step == 1) return rows;
  return mx::contiguous(mx::slice(rows, {0, 0}, rows.shape(), {static_cast<int>(step), 1}));
}

}  // namespace

Result<SourceTensors> SourceTensors::open(const std::filesystem::path& folder,
                                          const nn::QuantisationSettings& quantisation,
                                          std::optional<AwqSettings> awq) {
  SourceTensors source;
  source.checkpoint_ = TRY(nn::Checkpoint::open(folder));
  for (const auto& [name, tensor] : source.checkpoint_.tensors())
    TRY(source.add(name, quantisation, awq));
  return source;
}

SourceTensors SourceTensors::of_gguf(std::shared_ptr<const gguf::ModelFile> file,
                                     bool keep_blocks) {
  SourceTensors source;
  for (const auto& [name, info] : file->tensors()) {
    StoredTensor tensor{.kind = StoredTensor::Kind::Gguf,
                        .codes = name,
                        .scales = {},
                        .biases = {},
                        .shape = mx::Shape(info.shape.begin(), info.shape.end()),
                        .dtype = gguf_dtype(info.type)};
    if (const auto packing = gguf_packing(info.type); packing && keep_blocks) {
      tensor.kind = StoredTensor::Kind::GgufBlocks;
      tensor.packing = *packing;
      tensor.dtype = mx::float16;
    }
    source.tensors_[name] = std::move(tensor);
  }
  source.gguf_ = std::move(file);
  return source;
}

std::uint64_t SourceTensors::stored_bytes() const {
  return gguf_ ? gguf_->bytes() : checkpoint_.bytes();
}

Result<void> SourceTensors::add(const std::string& name,
                                const nn::QuantisationSettings& quantisation,
                                std::optional<AwqSettings> awq) {
  if (awq && name.ends_with(".qweight")) return add_awq(without(name, ".qweight"), *awq);
  if (awq && ends_with_any(name, {".qzeros", ".scales"}) &&
      has(name.substr(0, name.rfind('.')) + ".qweight"))
    return {};
  if (name.ends_with("_blocks") && has(without(name, "_blocks") + "_scales"))
    return add_blocks(without(name, "_blocks"));
  if (name.ends_with("_scales") && has(without(name, "_scales") + "_blocks")) return {};
  if (ends_with_any(name, {".scales", ".biases"}) &&
      has(name.substr(0, name.rfind('.')) + ".weight"))
    return {};
  if (name.ends_with(".weight_scale_inv") && has(without(name, "_scale_inv"))) return {};
  if (ends_with_any(name, {".activation_scale", ".input_scale"}) &&
      has(name.substr(0, name.rfind('.')) + ".weight_scale_inv"))
    return {};
  const std::string stem = name.ends_with(".weight") ? without(name, ".weight") : std::string();
  if (!stem.empty() && has(stem + ".scales")) return add_packed(stem, quantisation);
  if (!stem.empty() && has(name + "_scale_inv")) return add_fp8(stem, quantisation);
  tensors_[name] =
      StoredTensor{.codes = name, .scales = {}, .biases = {}, .shape = stored_shape(name)};
  return {};
}

Result<void> SourceTensors::add_packed(const std::string& stem,
                                       const nn::QuantisationSettings& quantisation) {
  const std::string codes = stem + ".weight";
  const mx::Shape packed = stored_shape(codes);
  const mx::Shape scales = stored_shape(stem + ".scales");
  const auto told = quantisation.at(stem);
  if (!told)
    return fail(ErrorCode::CorruptData,
                "{} has scales beside it, but config.json does not tell how it is packed",
                place(codes));
  const std::int64_t width = packed.empty() ? 0 : std::int64_t{packed.back()} * 32 / told->bits;
  const bool affine = told->mode == nn::PackingMode::Affine;
  const bool fits =
      packed.size() >= 2 && width % told->group_size == 0 &&
      scales == with_last(packed, width / told->group_size) &&
      (!affine || (has(stem + ".biases") && stored_shape(stem + ".biases") == scales));
  if (!fits)
    return fail(ErrorCode::CorruptData,
                "{}: codes {} and scales {} do not make a matrix of {}, as config.json has it",
                place(codes), nn::shape_text(packed), nn::shape_text(scales), nn::text_of(*told));
  tensors_[codes] = StoredTensor{.kind = StoredTensor::Kind::Packed,
                                 .codes = codes,
                                 .scales = stem + ".scales",
                                 .biases = affine ? stem + ".biases" : std::string(),
                                 .packing = *told,
                                 .shape = with_last(packed, width)};
  return {};
}

Result<void> SourceTensors::add_fp8(const std::string& stem,
                                    const nn::QuantisationSettings& quantisation) {
  const std::string codes = stem + ".weight";
  const mx::Shape shape = stored_shape(codes);
  const mx::Shape scales = stored_shape(codes + "_scale_inv");
  const nn::Fp8Blocks block = quantisation.fp8.value_or(nn::Fp8Blocks{});
  const auto blocks = [](int length, int size) { return (length + size - 1) / size; };
  const bool fits = shape.size() == 2 &&
                    (product(scales) == 1 || scales == mx::Shape{blocks(shape[0], block.rows),
                                                                 blocks(shape[1], block.columns)});
  if (!fits || !quantisation.fp8)
    return fail(ErrorCode::CorruptData,
                "{}: FP8 numbers {} and scales {} do not fit config.json's quantization_config",
                place(codes), nn::shape_text(shape), nn::shape_text(scales));
  tensors_[codes] = StoredTensor{.kind = StoredTensor::Kind::Fp8,
                                 .codes = codes,
                                 .scales = codes + "_scale_inv",
                                 .biases = {},
                                 .fp8 = block,
                                 .shape = shape};
  return {};
}

Result<void> SourceTensors::add_blocks(const std::string& stem) {
  constexpr int kBlockBytes = 16;
  mx::Shape shape = stored_shape(stem + "_blocks");  // [E, N, K / 32, 16]
  const mx::Shape scales = stored_shape(stem + "_scales");
  if (shape.size() != 4 || shape.back() != kBlockBytes ||
      scales != mx::Shape(shape.begin(), shape.end() - 1))
    return fail(ErrorCode::CorruptData, "{}: blocks {} and scales {} are not MXFP4",
                place(stem + "_blocks"), nn::shape_text(shape), nn::shape_text(scales));
  shape.pop_back();
  shape.back() *= 2 * kBlockBytes;
  tensors_[stem] = StoredTensor{.kind = StoredTensor::Kind::Blocks,
                                .codes = stem + "_blocks",
                                .scales = stem + "_scales",
                                .biases = {},
                                .packing = nn::format_of(nn::PackingMode::Mxfp4).usual,
                                .shape = shape};
  return {};
}

Result<void> SourceTensors::add_awq(const std::string& stem, const AwqSettings& awq) {
  constexpr int kCodesInWord = 8;
  const std::string codes = stem + ".qweight";
  const mx::Shape words = stored_shape(codes);  // [K, N / 8]
  if (has(stem + ".g_idx"))
    return fail(ErrorCode::UnsupportedArgument,
                "{} is ordered by g_idx, as GPTQ does it; only AWQ is supported", place(codes));
  const std::string scales = stem + ".scales";
  const std::string zeros = has(stem + ".qzeros") ? stem + ".qzeros" : std::string();
  const bool matrix = words.size() == 2 && has(scales) && words[0] % awq.group_size == 0;
  const mx::Shape groups =
      matrix ? mx::Shape{words[0] / awq.group_size, words[1] * kCodesInWord} : mx::Shape{};
  if (!matrix || stored_shape(scales) != groups ||
      (!zeros.empty() && stored_shape(zeros) != mx::Shape{groups[0], words[1]}))
    return fail(ErrorCode::CorruptData,
                "{}: codes, scales and zero points do not make a 4-bit matrix in groups of {}",
                place(codes), awq.group_size);
  tensors_[stem + ".weight"] = StoredTensor{.kind = StoredTensor::Kind::Awq,
                                            .codes = codes,
                                            .scales = scales,
                                            .biases = zeros,
                                            .packing = {4, awq.group_size, nn::PackingMode::Affine},
                                            .shape = {words[1] * kCodesInWord, words[0]}};
  return {};
}

mx::Shape SourceTensors::stored_shape(std::string_view name) const {
  return nn::shape_of(checkpoint_.tensors().find(name)->second.entry);
}

std::string SourceTensors::place(const std::string& name) const {
  const auto& tensor = checkpoint_.tensors().find(name)->second;
  return fmt::format("{}: tensor \"{}\"", checkpoint_.file_name(tensor), name);
}

Result<void> SourceTensors::turn(const std::string& name) {
  StoredTensor& tensor = tensors_.find(name)->second;
  if (tensor.kind != StoredTensor::Kind::Plain)
    return fail(ErrorCode::UnsupportedArgument,
                "{} is packed and would have to be turned; that is not supported",
                place(tensor.codes));
  tensor.turned = true;
  std::swap(tensor.shape.end()[-1], tensor.shape.end()[-2]);
  return {};
}

Result<mx::array> SourceTensors::numbers(const RowRange& range, std::int64_t first,
                                         std::int64_t count, std::optional<mx::Dtype> dtype) {
  const StoredTensor& tensor = at(range.tensor);
  const std::int64_t begin = range.first + first * range.step;
  const std::int64_t span = (count - 1) * range.step + 1;
  mx::array rows(0.0F);
  if (range.width != 0 && range.width != (tensor.shape.empty() ? 1 : tensor.shape.back()))
    rows = TRY(cut_rows(range, begin, span));
  else
    rows = TRY(rows_of(tensor, begin, span, dtype));
  rows = every(rows, range.step);
  mx::eval(rows);
  return rows;
}

/// Rows of another width than the tensor's own.
Result<mx::array> SourceTensors::cut_rows(const RowRange& range, std::int64_t first,
                                          std::int64_t count) const {
  const StoredTensor& tensor = at(range.tensor);
  if (gguf_) {  // a bias: small enough to be read whole
    const std::int64_t rows = product(tensor.shape) / tensor.shape.back();
    const mx::array whole = TRY(gguf_rows(*gguf_, tensor.codes, 0, rows));
    return slice_rows(mx::reshape(whole, {-1, range.width}), first, count);
  }
  const auto width = static_cast<std::uint64_t>(range.width);
  return checkpoint_.read_part(tensor.codes, static_cast<std::uint64_t>(first) * width,
                               static_cast<std::uint64_t>(count) * width, range.width);
}

Result<mx::array> SourceTensors::raw_rows(const std::string& name, std::int64_t first,
                                          std::int64_t count) const {
  const mx::Shape shape = stored_shape(name);
  const int width = shape.empty() ? 1 : shape.back();
  return checkpoint_.read_part(name, static_cast<std::uint64_t>(first * width),
                               static_cast<std::uint64_t>(count * width), width);
}

Result<mx::array> SourceTensors::rows_of(const StoredTensor& tensor, std::int64_t first,
                                         std::int64_t count, std::optional<mx::Dtype> dtype) {
  if (gguf_) return gguf_rows(*gguf_, tensor.codes, first, count);
  if (tensor.turned) return slice_rows(TRY(whole_turned(tensor)), first, count);
  if (tensor.kind == StoredTensor::Kind::Plain) return raw_rows(tensor.codes, first, count);
  if (tensor.kind == StoredTensor::Kind::Fp8)
    return fp8_rows(tensor, first, count, dtype.value_or(mx::bfloat16));
  PackedRows rows = TRY(packed_rows_of(tensor, first, count));
  const nn::Packing& packing = tensor.packing;
  if (packing.mode != nn::PackingMode::Affine)
    return mx::dequantize(rows.codes, rows.scales, std::nullopt, packing.group_size, packing.bits,
                          std::string(nn::format_of(packing.mode).name), std::nullopt,
                          dtype.value_or(mx::bfloat16));
  const mx::Dtype kept = dtype.value_or(rows.scales.dtype());
  return mx::dequantize(rows.codes, mx::astype(rows.scales, kept), mx::astype(*rows.biases, kept),
                        packing.group_size, packing.bits);
}

Result<mx::array> SourceTensors::fp8_rows(const StoredTensor& tensor, std::int64_t first,
                                          std::int64_t count, mx::Dtype dtype) {
  const mx::array codes = TRY(raw_rows(tensor.codes, first, count));
  mx::array scales = mx::astype(TRY(checkpoint_.read(tensor.scales)), mx::float32);
  const mx::array numbers = mx::from_fp8(codes, mx::float32);
  if (scales.size() > 1) {
    scales = mx::repeat(scales, tensor.fp8.rows, 0);
    scales = slice_rows(scales, first, count);
    scales = mx::slice(mx::repeat(scales, tensor.fp8.columns, 1), {0, 0},
                       {static_cast<int>(count), tensor.shape.back()});
  } else {
    scales = mx::reshape(scales, {1, 1});
  }
  return mx::astype(mx::multiply(numbers, scales), dtype);
}

Result<PackedRows> SourceTensors::packed_rows(const RowRange& range, std::int64_t first,
                                              std::int64_t count) {
  const std::int64_t span = (count - 1) * range.step + 1;
  PackedRows rows = TRY(packed_rows_of(at(range.tensor), range.first + first * range.step, span));
  rows.codes = every(rows.codes, range.step);
  rows.scales = every(rows.scales, range.step);
  if (rows.biases) rows.biases = every(*rows.biases, range.step);
  return rows;
}

Result<PackedRows> SourceTensors::packed_rows_of(const StoredTensor& tensor, std::int64_t first,
                                                 std::int64_t count) {
  if (gguf_) return gguf_packed_rows(*gguf_, tensor.codes, first, count);
  if (tensor.kind == StoredTensor::Kind::Awq) {
    PackedRows rows = TRY(whole_awq(tensor));
    rows.codes = slice_rows(rows.codes, first, count);
    rows.scales = slice_rows(rows.scales, first, count);
    rows.biases = slice_rows(*rows.biases, first, count);
    return rows;
  }
  if (tensor.kind == StoredTensor::Kind::Blocks) {
    const int groups = tensor.shape.back() / tensor.packing.group_size;
    const int blocks = static_cast<int>(count) * groups;
    mx::array codes = TRY(raw_rows(tensor.codes, first * groups, blocks));  // [blocks, 16]
    codes = mx::reshape(mx::view(codes, mx::uint32), {static_cast<int>(count), groups * 4});
    return PackedRows{std::move(codes), TRY(raw_rows(tensor.scales, first, count)), {}};
  }
  PackedRows rows{
      TRY(raw_rows(tensor.codes, first, count)), TRY(raw_rows(tensor.scales, first, count)), {}};
  if (!tensor.biases.empty()) rows.biases = TRY(raw_rows(tensor.biases, first, count));
  return rows;
}

Result<mx::array> SourceTensors::whole_turned(const StoredTensor& tensor) {
  if (turned_ && turned_->first == tensor.codes) return turned_->second;
  turned_.reset();
  mx::array whole = mx::swapaxes(TRY(checkpoint_.read(tensor.codes)), -1, -2);
  whole = mx::contiguous(mx::reshape(whole, {-1, tensor.shape.back()}));
  mx::eval(whole);
  turned_.emplace(tensor.codes, whole);
  return whole;
}

/// Eight codes of a word belong to eight columns in this order: 0, 4, 1, 5, 2, 6, 3, 7.
Result<PackedRows> SourceTensors::whole_awq(const StoredTensor& tensor) {
  if (awq_ && awq_->first == tensor.codes) return awq_->second;
  awq_.reset();
  const mx::array shifts =
      mx::array({0U, 16U, 4U, 20U, 8U, 24U, 12U, 28U}, mx::Shape{8}, mx::uint32);
  const auto columns = [&](const mx::array& words) {
    const mx::array wide = mx::expand_dims(mx::view(words, mx::uint32), -1);
    const mx::array codes =
        mx::bitwise_and(mx::right_shift(wide, shifts), mx::array(15U, mx::uint32));
    return mx::transpose(mx::reshape(codes, {words.shape(0), -1}));
  };
  const mx::array codes = columns(TRY(checkpoint_.read(tensor.codes)));  // [N, K]
  const mx::array places = mx::multiply(mx::arange(0, 8, mx::uint32), mx::array(4U, mx::uint32));
  const mx::array split = mx::reshape(codes, {tensor.shape[0], tensor.shape[1] / 8, 8});
  mx::array words = mx::astype(mx::sum(mx::left_shift(split, places), -1), mx::uint32);
  mx::array scales = mx::contiguous(mx::transpose(TRY(checkpoint_.read(tensor.scales))));
  mx::array zeros = mx::full(scales.shape(), 8.0F, mx::float32);
  if (!tensor.biases.empty())
    zeros = mx::astype(columns(TRY(checkpoint_.read(tensor.biases))), mx::float32);
  mx::array biases = mx::astype(mx::multiply(mx::negative(zeros), mx::astype(scales, mx::float32)),
                                scales.dtype());
  mx::eval(words, scales, biases);
  PackedRows rows{words, scales, biases};
  awq_.emplace(tensor.codes, rows);
  return rows;
}

}  // namespace hearth::convert
