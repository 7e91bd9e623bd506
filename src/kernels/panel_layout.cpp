// Where everything lies in a panel, and rows out of panels.
#include "kernels/panel_layout.h"

#include <array>
#include <cstring>

#include "kernels/number_formats.h"

namespace hearth::kernels {

namespace {

constexpr std::int64_t kLine = 64;

std::int64_t in_lines(std::int64_t bytes) {
  return (bytes + kLine - 1) / kLine * kLine;
}

/// The high bits of codes whose width is no power of two.
int high_bits(int bits) {
  if (bits == 3 || bits == 5) return 1;
  return bits == 6 ? 2 : 0;
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
