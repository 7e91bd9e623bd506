// The packings that are known, and what a checkpoint's settings say of a layer.
#include "nn/quantisation.h"

#include <algorithm>

#include "base/result.h"

namespace hearth::nn {

bool PackingFormat::allows_bits(int wanted) const {
  return wanted > 0 && std::ranges::count(bits, wanted) > 0;
}

bool PackingFormat::allows_group(int wanted) const {
  return wanted > 0 && std::ranges::count(group_sizes, wanted) > 0;
}

const std::array<PackingFormat, 4>& packing_formats() {
  using enum PackingMode;
  static constexpr std::array<PackingFormat, 4> kFormats{{
      {Affine, "affine", {2, 3, 4, 5, 6, 8}, {32, 64, 128}, {4, 64, Affine}},
      {Mxfp4, "mxfp4", {4}, {32}, {4, 32, Mxfp4}},
      {Nvfp4, "nvfp4", {4}, {16}, {4, 16, Nvfp4}},
      {Mxfp8, "mxfp8", {8}, {32}, {8, 32, Mxfp8}},
  }};
  return kFormats;
}

const PackingFormat& format_of(PackingMode mode) {
  return *std::ranges::find(packing_formats(), mode, &PackingFormat::mode);
}

std::string text_of(const Packing& packing) {
  const bool affine = packing.mode == PackingMode::Affine;
  return fmt::format("{}{}{} bits in groups of {}", affine ? "" : format_of(packing.mode).name,
                     affine ? "" : ", ", packing.bits, packing.group_size);
}

std::optional<Packing> QuantisationSettings::at(std::string_view path) const {
  constexpr std::string_view kPrefix = "language_model.";
  auto own = layers.find(path);
  if (own == layers.end() && path.starts_with(kPrefix))
    own = layers.find(path.substr(kPrefix.size()));
  return own == layers.end() ? global : own->second;
}

}  // namespace hearth::nn
