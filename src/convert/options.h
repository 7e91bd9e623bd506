// What a conversion is asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::convert {

/// Options::bits where nothing is to be packed.
inline constexpr int kPlainBits = 16;

struct Options {
  std::filesystem::path
      source;  ///< a model folder of Hugging Face's or MLX's layout, or a GGUF file
  std::filesystem::path target;  ///< the folder to make
  std::string base_model = {};   ///< ORG/NAME for the card; empty: not known

  std::string mode = "affine";         ///< affine, mxfp4, nvfp4, mxfp8
  int bits = 0;                        ///< 0: the mode's usual number; 16: nothing is packed
  int group = 0;                       ///< 0: the mode's usual size
  std::string recipe = {};             ///< one of recipe_names(), "auto" with layer_bits, or empty
  std::filesystem::path adapter = {};  ///< is fused into the weights; empty: none
  /// Bits by the matrix's path, as choose_recipe() finds them; those that are not named take
  /// `bits`.
  std::map<std::string, int> layer_bits = {};
  std::string dtype = {};  ///< float32, float16, bfloat16; empty: as config.json says

  /// Weight files of the source are removed as soon as they have been converted.
  bool in_place = false;
  std::uint64_t file_bytes = 0;  ///< files of the result, at most; 0: 5 GiB, in place 1 GiB

  bool dequantize = false;  ///< packed layers become plain ones
  bool requantize = false;  ///< packed layers are unpacked and packed anew
  bool force = false;       ///< replace a model that stands at `target`
};

/// Recipes that are rules: mixed_2_6, mixed_3_4, mixed_3_6, mixed_4_6.
const std::vector<std::string_view>& recipe_names();

}  // namespace hearth::convert
