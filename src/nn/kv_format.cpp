// Packs and unpacks rows of keys and values.
#include "nn/kv_format.h"

#include <vector>

namespace hearth::nn {

namespace {

constexpr int kGroup = 64;
constexpr int kSmallGroup = 32;
constexpr int kHalf = 16;
constexpr float kLargestHalf = 65504.0F;

mx::array as_bytes(const mx::array& rows) {
  return mx::view(mx::contiguous(rows), mx::uint8);
}

/// Columns [begin, begin + count) of bytes as numbers of another dtype.
mx::array part(const mx::array& bytes, int begin, int count, mx::Dtype dtype) {
  const mx::array cut = mx::slice(bytes, {0, begin}, {bytes.shape(0), begin + count});
  return mx::view(mx::contiguous(cut), dtype);
}

}  // namespace

/// Of a width that is no multiple of either group, the last group is filled up with zeros.
int KvFormat::group_size() const {
  return width % kGroup == 0 ? kGroup : kSmallGroup;
}

int KvFormat::padded_width() const {
  return (width + group_size() - 1) / group_size() * group_size();
}

int KvFormat::row_bytes() const {
  const auto number = static_cast<int>(mx::size_of(dtype));
  if (bits == 0) return width * number;
  if (bits == kHalf) return width * 2;
  return padded_width() * bits / 8 + 2 * number * (padded_width() / group_size());
}

int KvFormat::stored_width() const {
  return bits == 0 || bits == kHalf ? width : row_bytes();
}

mx::Dtype KvFormat::stored_dtype() const {
  if (bits == 0) return dtype;
  return bits == kHalf ? mx::float16 : mx::uint8;
}

mx::array KvFormat::stored(const mx::array& rows) const {
  mx::array typed = mx::astype(rows, dtype);
  if (bits == 0) return typed;
  if (bits == kHalf)
    return mx::astype(mx::clip(typed, mx::array(-kLargestHalf), mx::array(kLargestHalf)),
                      mx::float16);
  const int missing = padded_width() - width;
  const mx::array whole = missing == 0 ? typed : mx::pad(typed, {{0, 0}, {0, missing}});
  const auto packed = mx::quantize(whole, group_size(), bits);
  return mx::concatenate({as_bytes(packed[0]), as_bytes(packed[1]), as_bytes(packed[2])}, 1);
}

mx::array KvFormat::numbers(const mx::array& rows) const {
  if (bits == 0) return rows;
  if (bits == kHalf) return mx::astype(rows, dtype);
  const int codes = padded_width() * bits / 8;
  const int table = (row_bytes() - codes) / 2;
  const mx::array whole =
      mx::dequantize(part(rows, 0, codes, mx::uint32), part(rows, codes, table, dtype),
                     part(rows, codes + table, table, dtype), group_size(), bits);
  return padded_width() == width ? whole : mx::slice(whole, {0, 0}, {whole.shape(0), width});
}

}  // namespace hearth::nn
