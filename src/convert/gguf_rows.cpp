// Reads blocks, and writes them as MLX has them.
#include "convert/gguf_rows.h"

#include <cstring>
#include <vector>

#include "gguf/dequantise.h"
#include "gguf/half.h"

namespace hearth::convert {

namespace {

constexpr std::size_t kGroup = 32;

struct Blocks {
  const gguf::TensorInfo* tensor = nullptr;
  std::vector<std::byte> bytes;
};

Result<Blocks> read_blocks(const gguf::ModelFile& file, std::string_view name, std::int64_t first,
                           std::int64_t count) {
  const gguf::TensorInfo& tensor = file.tensors().find(name)->second;
  Blocks blocks{.tensor = &tensor, .bytes = {}};
  blocks.bytes.resize(static_cast<std::size_t>(count) * tensor.row_bytes());
  TRY_IN(fmt::format("tensor \"{}\"", name), file.read_blocks(tensor, first, count, blocks.bytes));
  return blocks;
}

mx::Shape shape_of(const gguf::TensorInfo& tensor, std::int64_t count, std::int64_t per = 1) {
  return {static_cast<int>(count), static_cast<int>(tensor.width() / per)};
}

/// An array whose numbers are still to be written.
mx::array fresh(const mx::Shape& shape, mx::Dtype dtype) {
  std::size_t bytes = dtype.size();
  for (const int length : shape) bytes *= static_cast<std::size_t>(length);
  return mx::array(mx::allocator::malloc(bytes), shape, dtype);
}

template <class T>
mx::array array_of(const std::vector<T>& values, const mx::Shape& shape, mx::Dtype dtype) {
  mx::array made = fresh(shape, dtype);
  std::memcpy(made.data<std::byte>(), values.data(), made.nbytes());
  return made;
}

/// One block of packed rows: its scale, its bias and its codes in order.
struct Group {
  std::uint16_t scale = 0;
  std::uint16_t bias = 0;
  std::uint8_t codes[kGroup] = {};
};

/// value = scale * code + bias; a bias that is a power of two times the scale is exact.
Group group_of(gguf::TensorType type, const std::byte* block) {
  Group group{.scale = gguf::word_at(block)};
  const float scale = gguf::half_to_float(group.scale);
  const auto nibbles = [&](const std::byte* codes) {
    for (std::size_t i = 0; i < kGroup; ++i)
      group.codes[i] =
          static_cast<std::uint8_t>(static_cast<unsigned>(codes[i % 16]) >> (i / 16 * 4) & 15U);
  };
  if (type == gguf::TensorType::Q4_0) {
    group.bias = gguf::float_to_half(scale * -8.0F);
    nibbles(block + 2);
  } else if (type == gguf::TensorType::Q4_1) {
    group.bias = gguf::word_at(block + 2);
    nibbles(block + 4);
  } else {
    group.bias = gguf::float_to_half(scale * -128.0F);
    for (std::size_t i = 0; i < kGroup; ++i)
      group.codes[i] = static_cast<std::uint8_t>(static_cast<unsigned>(block[2 + i]) + 128U);
  }
  return group;
}

}  // namespace

mx::Dtype gguf_dtype(gguf::TensorType type) {
  if (type == gguf::TensorType::F16) return mx::float16;
  return type == gguf::TensorType::BF16 ? mx::bfloat16 : mx::float32;
}

Result<mx::array> gguf_rows(const gguf::ModelFile& file, std::string_view name, std::int64_t first,
                            std::int64_t count) {
  const Blocks blocks = TRY(read_blocks(file, name, first, count));
  const gguf::TensorInfo& tensor = *blocks.tensor;
  const mx::Shape shape = shape_of(tensor, count);
  const mx::Dtype dtype = gguf_dtype(tensor.type);
  if (gguf::facts_of(tensor.type).block == 1) return array_of(blocks.bytes, shape, dtype);
  mx::array rows = fresh(shape, dtype);
  gguf::dequantise(tensor.type, blocks.bytes, {rows.data<float>(), rows.size()});
  return rows;
}

std::optional<nn::Packing> gguf_packing(gguf::TensorType type) {
  constexpr int kSize = static_cast<int>(kGroup);
  if (type == gguf::TensorType::Q8_0) return nn::Packing{8, kSize, nn::PackingMode::Affine};
  if (type == gguf::TensorType::Q4_0 || type == gguf::TensorType::Q4_1)
    return nn::Packing{4, kSize, nn::PackingMode::Affine};
  return {};
}

Result<PackedRows> gguf_packed_rows(const gguf::ModelFile& file, std::string_view name,
                                    std::int64_t first, std::int64_t count) {
  const Blocks blocks = TRY(read_blocks(file, name, first, count));
  const gguf::TensorInfo& tensor = *blocks.tensor;
  const gguf::TypeFacts& facts = gguf::facts_of(tensor.type);
  const bool bytes = tensor.type == gguf::TensorType::Q8_0;
  std::vector<std::uint8_t> codes;
  std::vector<std::uint16_t> scales;
  std::vector<std::uint16_t> biases;
  for (std::size_t at = 0; at < blocks.bytes.size(); at += facts.bytes) {
    const Group group = group_of(tensor.type, blocks.bytes.data() + at);
    scales.push_back(group.scale);
    biases.push_back(group.bias);
    for (std::size_t i = 0; i < kGroup; i += bytes ? 1 : 2)  // lowest bits first
      codes.push_back(bytes ? group.codes[i]
                            : static_cast<std::uint8_t>(group.codes[i] | group.codes[i + 1] << 4));
  }
  const mx::Shape groups = shape_of(tensor, count, kGroup);
  return PackedRows{array_of(codes, shape_of(tensor, count, bytes ? 4 : 8), mx::uint32),
                    array_of(scales, groups, mx::float16), array_of(biases, groups, mx::float16)};
}

}  // namespace hearth::convert
