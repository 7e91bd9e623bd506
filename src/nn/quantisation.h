// How a checkpoint's layers are packed, as its config tells it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::nn {

/// Affine packing: value = scale * code + bias, one scale and bias per group of a row.
struct Packing {
  int bits = 4;
  int group_size = 64;

  bool operator==(const Packing&) const = default;
};

/// The `quantization` object of config.json.
struct QuantisationSettings {
  std::optional<Packing> global = {};
  /// Layers with a setting of their own; nullopt: the layer is not packed.
  std::map<std::string, std::optional<Packing>, std::less<>> layers = {};

  /// What the config says about the layer at `path` (without ".weight"), if it says anything.
  std::optional<Packing> at(std::string_view path) const;
  /// True where the config demands that the layer is plain.
  bool plain(std::string_view path) const;
};

}  // namespace hearth::nn
