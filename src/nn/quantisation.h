// How a checkpoint's layers are packed, as its config tells it.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::nn {

/// How codes become numbers. Codes lie one after another in the bits of a row, lowest first.
enum class PackingMode {
  Affine,  ///< whole numbers of 2 to 8 bits: value = scale * code + bias, floating-point scales
  Mxfp4,   ///< E2M1 codes, one E8M0 scale (a power of two) per 32
  Nvfp4,   ///< E2M1 codes, one E4M3 scale per 16
  Mxfp8,   ///< E4M3 codes, one E8M0 scale per 32
};

/// A layer's packing: a scale (and in affine mode a bias) for each group of a row.
struct Packing {
  int bits = 4;
  int group_size = 64;
  PackingMode mode = PackingMode::Affine;

  bool operator==(const Packing&) const = default;
};

/// Bits and group sizes that a mode is made for.
struct PackingFormat {
  PackingMode mode;
  std::string_view name;  ///< as config.json spells it
  std::array<int, 6> bits;
  std::array<int, 3> group_sizes;
  Packing usual;  ///< where a config leaves bits or group size open

  bool allows_bits(int bits) const;
  bool allows_group(int group_size) const;
};

/// All modes, affine first.
const std::array<PackingFormat, 4>& packing_formats();
const PackingFormat& format_of(PackingMode mode);

/// "4 bits in groups of 64", with the mode's name in front where it is not affine.
std::string text_of(const Packing& packing);

/// FP8 weights: E4M3 numbers, and one floating-point scale (`weight_scale_inv`) per block.
struct Fp8Blocks {
  int rows = 128;
  int columns = 128;
};

/// The `quantization` or `quantization_config` object of config.json.
struct QuantisationSettings {
  std::optional<Packing> global = {};
  /// Layers with a setting of their own; nullopt: the layer is not packed.
  std::map<std::string, std::optional<Packing>, std::less<>> layers = {};
  /// Layers may be stored in FP8; they are unpacked while loading.
  std::optional<Fp8Blocks> fp8 = {};
  /// Experts may be stored as `_blocks` and `_scales` of MXFP4.
  bool mxfp4_blocks = false;

  /// What the config says about the layer at `path` (without ".weight"), if it says anything. A
  /// nested language model's layers may stand there without their prefix "language_model.".
  std::optional<Packing> at(std::string_view path) const;
};

}  // namespace hearth::nn
