// A model folder's configuration in one form, whichever dialect it was written in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "nn/quantisation.h"
#include "nn/rope.h"

namespace hearth::models {

/// What families read. Fields that a config leaves out have their family's defaults.
struct Config {
  std::string model_type;  ///< as written
  std::string family;      ///< the file under arch/ that builds it: mistral is llama

  int vocab_size = 0;
  int hidden_size = 0;
  int intermediate_size = 0;
  int layers = 0;
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  int context_length = 0;
  float norm_epsilon = 1e-6F;
  bool attention_bias = false;
  bool mlp_bias = false;
  bool tied_head = false;  ///< as the config says; a checkpoint without a head is tied too

  nn::RopeSpec rope;
  std::vector<int> windows;  ///< per layer: tokens that a query sees, 0 for all
  std::string dtype;         ///< float32, float16, bfloat16
  nn::QuantisationSettings quantisation;
  std::vector<std::int32_t> eos_ids;  ///< generation_config.json wins over config.json
};

/// Reads config.json and, where there is one, generation_config.json.
///
/// Understands what transformers 4 writes (rope_theta, rope_scaling, torch_dtype), what
/// transformers 5 writes (rope_parameters, dtype), a language model nested in text_config, and
/// mlx-lm's quantization.
/// @returns NotFound, CorruptData, or UnsupportedArgument that names the field and what is
/// supported.
Result<Config> read_config(const std::filesystem::path& folder);

/// The same from the files' texts; `generation` is empty where the file is absent.
Result<Config> parse_config(std::string_view config, std::string_view generation);

/// Rope settings of either dialect; `object` is the language model's config.
Result<nn::RopeSpec> parse_rope(const json::object& object, int context_length);

/// mlx-lm's `quantization` (or its copy `quantization_config`); nothing global where absent.
Result<nn::QuantisationSettings> parse_quantisation(const json::object& root);

/// Per layer the tokens that a query sees, 0 for all.
Result<std::vector<int>> parse_windows(const json::object& object, std::string_view model_type,
                                       int layers);

}  // namespace hearth::models
