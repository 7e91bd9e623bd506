// Reads packed rows piece by piece and lays sixteen of them side by side.
#include "kernels/panel_pack.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace hearth::kernels {

namespace {

constexpr std::int64_t kBlockBytes = 64;
constexpr std::int64_t kPieceBytes = 128 << 10;  // of codes: read and packed within a core's cache

/// Four words: what every x86-64 and every arm64 has registers for.
using FourWords = std::uint32_t __attribute__((vector_size(16)));

FourWords load_words(const std::uint8_t* from) {
  FourWords words;
  std::memcpy(&words, from, sizeof words);
  return words;
}

/// Nibbles 0 to 3 of each word become the low halves of its bytes, 4 to 7 the high ones.
FourWords nibbles_apart(FourWords words) {
  const auto spread = [](FourWords half) {
    half = (half | half << 8U) & 0x00FF00FFU;
    return (half | half << 4U) & 0x0F0F0F0FU;
  };
  return spread(words & 0xFFFFU) | spread(words >> 16U) << 4U;
}

/// Word i of row n becomes word n of row i.
void turn(FourWords (&rows)[4]) {
  const FourWords a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
  const FourWords b = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
  const FourWords c = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
  const FourWords d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  rows[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  rows[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  rows[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  rows[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
}

/// Four and eight bits, of which a word of a row is a word of a plane: all outputs of a panel side
/// by side, from row `row` of the piece on.
void pack_words(const PackedView& w, const PanelLayout& layout, int row, std::uint8_t* panel) {
  const int words = w.width * layout.bits / 32;  // a multiple of four, as the width is one of 32
  for (int first = 0; first < kPanelRows; first += 4)
    for (int i = 0; i < words; i += 4) {
      FourWords block[4] = {};
      for (int n = 0; n < std::min(4, w.outputs - row - first); ++n) {
        block[n] = load_words(w.codes + (row + first + n) * w.code_stride + std::int64_t{i} * 4);
        if (layout.bits == 4) block[n] = nibbles_apart(block[n]);
      }
      turn(block);
      std::uint8_t* to = panel + layout.low_at + i * kBlockBytes + std::int64_t{first} * 4;
      for (int n = 0; n < 4; ++n) std::memcpy(to + n * kBlockBytes, &block[n], sizeof block[n]);
    }
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

/// Bits [first, first + bits) of one output's codes, as the words of a plane.
struct PlaneOf {
  int bits;
  int first;

  void write(const std::uint8_t* codes, int width, std::uint8_t* to) const {
    const int inputs = 32 / bits;
    const auto mask = (1U << static_cast<unsigned>(bits)) - 1U;
    for (int k = 0; k < width; k += inputs, to += kBlockBytes) {
      std::uint32_t word = 0;
      for (int i = 0; i < inputs; ++i) {
        const unsigned code = codes[k + i] >> static_cast<unsigned>(first) & mask;
        word |= code << static_cast<unsigned>(i % 4 * 8 + i / 4 * bits);
      }
      std::memcpy(to, &word, sizeof word);
    }
  }
};

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
template <class Scale>
void pack_scales_as(const PackedView& w, const void* from, std::int64_t stride, int row,
                    std::uint8_t* to) {
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  constexpr std::int64_t kSize = sizeof(Scale);
  for (int n = 0; n < std::min(kPanelRows, w.outputs - row); ++n)
    for (int g = 0; g < w.width / w.format.group; ++g)
      std::memcpy(to + (g * kPanelRows + n) * kSize, bytes + ((row + n) * stride + g) * kSize,
                  sizeof(Scale));
}

void pack_scales(const PackedView& w, const void* from, std::int64_t stride, int row,
                 std::uint8_t* to) {
  switch (scale_bytes(w.format.scale_type)) {
    case 1:
      return pack_scales_as<std::uint8_t>(w, from, stride, row, to);
    case 2:
      return pack_scales_as<std::uint16_t>(w, from, stride, row, to);
    default:
      return pack_scales_as<std::uint32_t>(w, from, stride, row, to);
  }
}

/// The panel that begins with row `row` of the piece.
void pack_panel(const PackedView& w, const PanelLayout& layout, int row, std::uint8_t* panel) {
  const bool whole = w.outputs - row >= kPanelRows && (layout.bits == 4 || layout.bits == 8);
  if (!whole) std::memset(panel, 0, static_cast<std::size_t>(layout.bytes));
  pack_scales(w, w.scales, w.scale_stride, row, panel);
  if (!layout.e2m1) pack_scales(w, w.biases, w.bias_stride, row, panel + layout.biases_at);
  pack_codes(w, layout, row, panel);
}

}  // namespace

Result<void> pack_panels(const PackedRows& rows, int outputs, const PanelLayout& layout,
                         std::uint8_t* to, ThreadPool& pool) {
  const std::int64_t row_bytes = std::int64_t{layout.width} * layout.bits / 8;
  const auto panels_at_once =
      static_cast<int>(std::max<std::int64_t>(1, kPieceBytes / (row_bytes * kPanelRows)));
  const int step = panels_at_once * kPanelRows;
  std::mutex mutex;
  std::optional<Error> error;
  pool.run((outputs + step - 1) / step, [&](int index) {
    const int first = index * step;
    const auto piece = rows(first, std::min(step, outputs - first));
    if (!piece) {
      const std::lock_guard lock(mutex);
      if (!error) error = piece.error();
      return;
    }
    for (int row = 0; row < piece->view.outputs; row += kPanelRows)
      pack_panel(piece->view, layout, row, to + (first + row) / kPanelRows * layout.bytes);
  });
  if (error) return fail(*std::move(error));
  return {};
}

}  // namespace hearth::kernels
