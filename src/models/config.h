// A model folder's configuration in one form, whichever dialect it was written in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "models/fields.h"
#include "nn/activation.h"
#include "nn/quantisation.h"
#include "nn/rope.h"

namespace hearth::models {

/// What all families share. What only one of them reads it takes from `fields()`.
struct Config {
  std::string model_type;  ///< as written at the root
  std::string text_type;   ///< of the language model: text_config's, else the root's
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
  bool tied_head = false;  ///< as the config says; a checkpoint without a head is tied too

  nn::RopeSpec rope;                            ///< of all layers, or of full_attention ones
  std::optional<nn::RopeSpec> local_rope = {};  ///< of sliding_attention layers, where it differs
  std::string dtype;                            ///< float32, float16, bfloat16
  nn::QuantisationSettings quantisation;
  std::vector<std::int32_t> eos_ids;  ///< generation_config.json wins over config.json

  json::object root;    ///< config.json
  json::object object;  ///< the language model's part of it, prepared by its family
  bool nested = false;  ///< that part is text_config

  /// The language model's members: `config.json: ` or `config.json: text_config.` in messages.
  Fields fields() const;
  /// The members of its rope dict, whichever dialect; of the full_attention layers.
  Fields rope_fields() const;
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

/// Fills rope and local_rope from either dialect.
Result<void> parse_rope(Config& config);

/// mlx-lm's `quantization` (or its copy `quantization_config`); nothing global where absent.
Result<nn::QuantisationSettings> parse_quantisation(const json::object& root);

/// layer_types, one name per layer; empty where the config has none.
Result<std::vector<std::string>> layer_types(const Config& config);

/// Per layer the tokens that a query sees, 0 for all: by layer_types (every kind but
/// sliding_attention sees all), else by the family's rule with sliding_window.
Result<std::vector<int>> sliding_windows(const Config& config,
                                         const std::function<bool(int layer)>& slides);

/// The rule of Qwen: from layer max_window_layers on, where use_sliding_window is set.
Result<std::vector<int>> upper_windows(const Config& config);

/// The activation named by `key`, by transformers' names for them.
Result<nn::Activation> read_activation(const Config& config, std::string_view key,
                                       std::string_view otherwise);

}  // namespace hearth::models
