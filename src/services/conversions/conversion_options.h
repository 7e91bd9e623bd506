// How a model is to be converted, as requests, presets and the queue hold it.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace hearth::services {

/// Members are named like the flags of `hearth convert`; what is unset is as usual there.
struct ConversionOptions {
  std::optional<int> bits;            ///< 2, 3, 4, 5, 6, 8; 16 packs nothing
  std::optional<int> group;           ///< weights that share a scale
  std::optional<std::string> mode;    ///< affine, mxfp4, nvfp4, mxfp8
  std::optional<std::string> recipe;  ///< one of conversion_recipes()
  std::optional<double> target_bpw;   ///< with the recipe auto: bits per weight
  std::optional<std::string> dtype;   ///< of what is not packed
  std::optional<bool> dequantize;
  std::optional<bool> requantize;
  std::optional<bool> measure;  ///< then hold it against its source

  bool operator==(const ConversionOptions&) const = default;
};
BOOST_DESCRIBE_STRUCT(ConversionOptions, (),
                      (bits, group, mode, recipe, target_bpw, dtype, dequantize, requantize,
                       measure))

/// The recipe that measures which bits each matrix needs.
inline constexpr std::string_view kAutoRecipe = "auto";
inline constexpr double kUsualTargetBpw = 4.5;

/// Names of recipes, kAutoRecipe last.
std::span<const std::string_view> conversion_recipes();

/// What one member rules out in another; the rest only the model itself can tell.
/// @returns InvalidArgument
Result<void> check_conversion_options(const ConversionOptions& options);

/// @returns InvalidArgument, naming every wrong or unknown member by its path below `path`
Result<ConversionOptions> read_conversion_options(const json::value& value,
                                                  std::string_view path = {});
/// The set members alone.
json::object write_conversion_options(const ConversionOptions& options);
/// What the options become when the members that `change` has set replace their own. Whoever names
/// another way of packing (bits, mode, recipe, dequantize) gets nothing of the old one.
ConversionOptions changed(ConversionOptions options, const ConversionOptions& change);

/// What the new model's name ends in: "-4bit", "-mxfp4", "-mixed_3_6", "-4.5bpw", "-plain".
std::string name_suffix(const ConversionOptions& options);

}  // namespace hearth::services
