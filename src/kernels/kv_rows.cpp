// Rounds and packs rows of keys and values.
#include "kernels/kv_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/affine_line.h"
#include "kernels/number_formats.h"

namespace hearth::kernels {

namespace {

constexpr int kGroup = 64;
constexpr int kSmallGroup = 32;

int bits_of(KvType type) {
  switch (type) {
    case KvType::F32:
      return 32;
    case KvType::BF16:
    case KvType::F16:
      return 16;
    case KvType::Bits8:
      return 8;
    case KvType::Bits4:
      return 4;
  }
  return 0;
}

/// One group: codes to their place; its line is returned.
AffineLine pack_group(const KvRow& row, const float* numbers, std::uint8_t* codes) {
  const int bits = bits_of(row.type);
  const auto most = static_cast<float>((1 << bits) - 1);
  const auto [low, high] = std::minmax_element(numbers, numbers + row.group);
  const AffineLine line = affine_line(*low, *high, most);
  const int shared = 8 / bits;  // codes of one byte
  for (int i = 0; i < row.group; i += shared) {
    unsigned byte = 0;
    for (int j = 0; j < shared; ++j) {
      const float code = std::rint((numbers[i + j] - line.bias) / line.scale);
      // Written so that NaN becomes a code as well.
      const float held = code > 0.0F ? std::min(code, most) : 0.0F;
      byte |= static_cast<unsigned>(held) << static_cast<unsigned>(j * bits);
    }
    codes[i / shared] = static_cast<std::uint8_t>(byte);
  }
  return line;
}

void pack_row(const KvRow& row, const float* numbers, std::uint8_t* to) {
  const int groups = (row.width + row.group - 1) / row.group;
  const int group_bytes = row.group * bits_of(row.type) / 8;
  std::uint8_t* scales = to + std::ptrdiff_t{groups} * group_bytes;
  for (int g = 0; g < groups; ++g) {
    float filled[kGroup] = {};
    std::copy_n(numbers + g * row.group, std::min(row.group, row.width - g * row.group), filled);
    const AffineLine line = pack_group(row, filled, to + std::ptrdiff_t{g} * group_bytes);
    std::memcpy(scales + std::ptrdiff_t{g} * 4, &line.scale, sizeof line.scale);
    std::memcpy(scales + std::ptrdiff_t{groups + g} * 4, &line.bias, sizeof line.bias);
  }
}

/// Number i to row i of `page`, in column `token`.
template <class Number>
void scatter(int width, std::uint8_t* page, int token, const Number* numbers) {
  std::uint8_t* to = page + std::ptrdiff_t{token} * std::ptrdiff_t{sizeof(Number)};
  for (int i = 0; i < width; ++i, to += kPageRows * sizeof(Number))
    std::memcpy(to, numbers + i, sizeof(Number));
}

}  // namespace

KvRow kv_row(KvType type, int width) {
  const int bits = bits_of(type);
  if (bits > 8) return {.type = type, .width = width, .group = 0, .bytes = width * bits / 8};
  const int group = width % kGroup == 0 ? kGroup : kSmallGroup;
  const int groups = (width + group - 1) / group;
  const int bytes = groups * group * bits / 8 + groups * 2 * static_cast<int>(sizeof(float));
  return {.type = type, .width = width, .group = group, .bytes = bytes};
}

KvRow key_row(KvType type, int width, bool values_in_keys) {
  KvRow row = kv_row(type, width);
  row.turned = bits_of(type) > 8 && !values_in_keys;
  return row;
}

void limited_f16(const float* numbers, int count, std::uint16_t* to) {
  for (int i = 0; i < count; ++i)
    to[i] = to_f16(std::isnan(numbers[i]) ? numbers[i]
                                          : std::clamp(numbers[i], -kLargestF16, kLargestF16));
}

void store_row(const KvRow& row, const float* numbers, std::uint8_t* to, ToF16 rounding) {
  if (row.type == KvType::F32) {
    std::memcpy(to, numbers, static_cast<std::size_t>(row.bytes));
    return;
  }
  if (row.type == KvType::Bits8 || row.type == KvType::Bits4) {
    pack_row(row, numbers, to);
    return;
  }
  auto* const halves = reinterpret_cast<std::uint16_t*>(to);
  if (row.type == KvType::F16) return rounding(numbers, row.width, halves);
  std::transform(numbers, numbers + row.width, halves, to_bf16);
}

void store_in_page(const KvRow& row, const float* numbers, std::uint8_t* page, int token,
                   ToF16 rounding) {
  if (!row.turned)
    return store_row(row, numbers, page + std::ptrdiff_t{token} * row.bytes, rounding);
  if (row.type == KvType::F32) return scatter(row.width, page, token, numbers);
  thread_local std::vector<std::uint16_t> bits;
  bits.resize(static_cast<std::size_t>(row.width));
  store_row(row, numbers, reinterpret_cast<std::uint8_t*>(bits.data()), rounding);
  scatter(row.width, page, token, bits.data());
}

}  // namespace hearth::kernels
