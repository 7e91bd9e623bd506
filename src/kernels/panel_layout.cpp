// Puts packed matrices into panels, and takes rows out of them.
#include "kernels/panel_layout.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/number_formats.h"

namespace hearth::kernels {

namespace {

constexpr std::int64_t kLine = 64;

std::int64_t in_lines(std::int64_t bytes) {
  return (bytes + kLine - 1) / kLine * kLine;
}

std::int64_t scale_bytes(ScaleType type) {
  switch (type) {
    case ScaleType::F32:
      return 4;
    case ScaleType::BF16:
    case ScaleType::F16:
      return 2;
    case ScaleType::E8M0:
    case ScaleType::E4M3:
      return 1;
  }
  return 4;
}

/// The high bits of codes whose width is no power of two.
int high_bits(int bits) {
  if (bits == 3 || bits == 5) return 1;
  return bits == 6 ? 2 : 0;
}

/// The codes of one row, a byte each.
void read_codes(const std::uint8_t* row, int bits, int width, std::uint8_t* codes) {
  std::uint32_t held = 0;
  int ready = 0;
  for (int k = 0; k < width; ++k) {
    if (ready < bits) {
      held |= std::uint32_t{*row++} << static_cast<unsigned>(ready);
      ready += 8;
    }
    codes[k] = static_cast<std::uint8_t>(held & ((1U << static_cast<unsigned>(bits)) - 1U));
    held >>= static_cast<unsigned>(bits);
    ready -= bits;
  }
}

/// Nibbles 0 to 3 of a word become the low halves of its bytes, 4 to 7 the high ones.
std::uint32_t nibbles_apart(std::uint32_t word) {
  const auto spread = [](std::uint32_t half) {
    half = (half | half << 8U) & 0x00FF00FFU;
    return (half | half << 4U) & 0x0F0F0F0FU;
  };
  return spread(word & 0xFFFFU) | spread(word >> 16U) << 4U;
}

/// Bits [first, first + bits) of one output's codes, as the words of a plane.
struct PlaneOf {
  int bits;
  int first;

  void write(const std::uint8_t* codes, int width, std::uint8_t* to) const {
    const int inputs = 32 / bits;
    const auto mask = (1U << static_cast<unsigned>(bits)) - 1U;
    for (int k = 0; k < width; k += inputs, to += kLine) {
      std::uint32_t word = 0;
      for (int i = 0; i < inputs; ++i) {
        const unsigned code = codes[k + i] >> static_cast<unsigned>(first) & mask;
        word |= code << static_cast<unsigned>(i % 4 * 8 + i / 4 * bits);
      }
      std::memcpy(to, &word, sizeof word);
    }
  }
};

/// Four and eight bits, of which a word of a row is a word of a plane: all outputs of a panel side
/// by side.
void pack_words(const PackedView& w, const PanelLayout& layout, int row, std::uint8_t* panel) {
  const int rows = std::min(kPanelRows, w.outputs - row);
  const int words = w.width * layout.bits / 32;
  for (int i = 0; i < words; ++i)
    for (int n = 0; n < rows; ++n) {
      std::uint32_t word = 0;
      std::memcpy(&word, w.codes + (row + n) * w.code_stride + std::int64_t{i} * 4, sizeof word);
      if (layout.bits == 4) word = nibbles_apart(word);
      std::memcpy(panel + layout.low_at + i * kLine + std::int64_t{n} * 4, &word, sizeof word);
    }
}

void pack_codes(const PackedView& w, const PanelLayout& layout, int row, std::uint8_t* panel) {
  if (layout.bits == 4 || layout.bits == 8) return pack_words(w, layout, row, panel);
  thread_local std::vector<std::uint8_t> codes;
  codes.resize(static_cast<std::size_t>(w.width));
  for (int n = 0; n < std::min(kPanelRows, w.outputs - row); ++n) {
    read_codes(w.codes + (row + n) * w.code_stride, layout.bits, w.width, codes.data());
    const std::int64_t lane = std::int64_t{n} * 4;
    PlaneOf{layout.low_bits, 0}.write(codes.data(), w.width, panel + layout.low_at + lane);
    if (layout.high_bits > 0)
      PlaneOf{layout.high_bits, layout.low_bits}.write(codes.data(), w.width,
                                                       panel + layout.high_at + lane);
  }
}

/// Scales or biases of a panel: [K / group][16].
void pack_scales(const PackedView& w, const void* from, std::int64_t stride, int row,
                 std::uint8_t* to) {
  const std::int64_t size = scale_bytes(w.format.scale_type);
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  for (int n = 0; n < std::min(kPanelRows, w.outputs - row); ++n)
    for (int g = 0; g < w.width / w.format.group; ++g)
      std::memcpy(to + (g * kPanelRows + n) * size, bytes + ((row + n) * stride + g) * size,
                  static_cast<std::size_t>(size));
}

float scale_at(const std::uint8_t* scales, std::int64_t at, ScaleType type) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, scales + at * scale_bytes(type), static_cast<std::size_t>(scale_bytes(type)));
  switch (type) {
    case ScaleType::F32:
      return std::bit_cast<float>(bits);
    case ScaleType::BF16:
      return from_bf16(static_cast<std::uint16_t>(bits));
    case ScaleType::F16:
      return from_f16(static_cast<std::uint16_t>(bits));
    case ScaleType::E8M0:
      return from_e8m0(static_cast<std::uint8_t>(bits));
    case ScaleType::E4M3:
      return from_e4m3(static_cast<std::uint8_t>(bits));
  }
  return 0.0F;
}

/// What input `k` of a lane has in a plane.
unsigned plane_at(const std::uint8_t* plane, int bits, int k, int lane) {
  const int inputs = 32 / bits;
  const unsigned byte = plane[(std::int64_t{k / inputs} * kPanelRows + lane) * 4 + k % 4];
  return byte >> static_cast<unsigned>(k % inputs / 4 * bits) &
         ((1U << static_cast<unsigned>(bits)) - 1U);
}

constexpr std::array<float, 16> kE2m1Values = {0.0F,  0.5F,  1.0F,  1.5F,  2.0F,  3.0F,
                                               4.0F,  6.0F,  -0.0F, -0.5F, -1.0F, -1.5F,
                                               -2.0F, -3.0F, -4.0F, -6.0F};

}  // namespace

bool fits_panels(const PackedFormat& format, int width) {
  if (width % format.group != 0 || width % kUnpacked != 0) return false;
  if (format.e2m1())
    return format.bits == 4 && format.group == (format.scale_type == ScaleType::E4M3 ? 16 : 32);
  const bool known = format.bits >= 2 && format.bits <= 8 && format.bits != 7;
  return known && (format.group == 32 || format.group == 64 || format.group == 128);
}

PanelLayout panel_layout(const PackedFormat& format, int width) {
  const std::int64_t scales =
      in_lines(std::int64_t{width} / format.group * kPanelRows * scale_bytes(format.scale_type));
  PanelLayout layout{.bits = format.bits,
                     .low_bits = format.bits - high_bits(format.bits),
                     .high_bits = high_bits(format.bits),
                     .group = format.group,
                     .width = width,
                     .scale_type = format.scale_type,
                     .e2m1 = format.e2m1(),
                     .biases_at = scales,
                     .low_at = format.e2m1() ? scales : 2 * scales,
                     .high_at = 0,
                     .bytes = 0};
  const auto plane = [&](int bits) {
    return in_lines(std::int64_t{width} * bits / 8 * kPanelRows);
  };
  layout.high_at = layout.low_at + plane(layout.low_bits);
  layout.bytes = layout.high_at + plane(layout.high_bits);
  return layout;
}

std::size_t panel_bytes(const PanelLayout& layout, int outputs) {
  const int panels = (outputs + kPanelRows - 1) / kPanelRows;
  return static_cast<std::size_t>(panels) * static_cast<std::size_t>(layout.bytes);
}

void pack_panels(const PackedView& w, const PanelLayout& layout, std::uint8_t* to,
                 ThreadPool& pool) {
  const int panels = (w.outputs + kPanelRows - 1) / kPanelRows;
  pool.run(panels, [&](int index) {
    const int row = index * kPanelRows;
    std::uint8_t* panel = to + index * layout.bytes;
    std::memset(panel, 0, static_cast<std::size_t>(layout.bytes));
    pack_scales(w, w.scales, w.scale_stride, row, panel);
    if (!layout.e2m1) pack_scales(w, w.biases, w.bias_stride, row, panel + layout.biases_at);
    pack_codes(w, layout, row, panel);
  });
}

void panel_row(const PanelView& w, int row, float* to) {
  const PanelLayout& layout = w.layout;
  const std::uint8_t* panel = w.panel(row / kPanelRows);
  const int lane = row % kPanelRows;
  float scale = 0.0F;
  float bias = 0.0F;
  for (int k = 0; k < layout.width; ++k) {
    if (k % layout.group == 0) {
      const std::int64_t at = std::int64_t{k} / layout.group * kPanelRows + lane;
      scale = scale_at(panel, at, layout.scale_type);
      if (!layout.e2m1) bias = scale_at(panel + layout.biases_at, at, layout.scale_type);
    }
    unsigned code = plane_at(panel + layout.low_at, layout.low_bits, k, lane);
    if (layout.high_bits > 0)
      code |= plane_at(panel + layout.high_at, layout.high_bits, k, lane)
              << static_cast<unsigned>(layout.low_bits);
    to[k] = layout.e2m1 ? scale * kE2m1Values[code] : scale * static_cast<float>(code) + bias;
  }
}

}  // namespace hearth::kernels
