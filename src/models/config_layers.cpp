// Settings that differ between layers: attention windows and packing.
#include <algorithm>
#include <array>

#include "models/config.h"
#include "models/fields.h"

namespace hearth::models {

namespace {

/// "2, 3, 4" of those that are set.
template <std::size_t N>
std::string listed(const std::array<int, N>& numbers) {
  std::string text;
  for (const int number : numbers)
    if (number > 0) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text;
}

std::string mode_names() {
  std::string text;
  for (const nn::PackingFormat& format : nn::packing_formats())
    text += (text.empty() ? "" : ", ") + std::string(format.name);
  return text;
}

/// One dict with bits, group_size and mode; null where nobody chose: what is usual of the mode. A
/// layer's own dict without a mode is affine.
Result<nn::Packing> parse_packing(const json::object& object, const std::string& path) {
  Fields fields(object, "config.json: " + path + ".");
  const std::string mode = fields.text("mode", "affine");
  const auto& formats = nn::packing_formats();
  const auto* format = std::ranges::find(formats, mode, &nn::PackingFormat::name);
  if (format == formats.end()) fields.unsupported("mode", mode, mode_names());
  TRY(fields.finish());
  const nn::Packing packing{.bits = fields.integer("bits", format->usual.bits),
                            .group_size = fields.integer("group_size", format->usual.group_size),
                            .mode = format->mode};
  const auto check = [&](bool allowed, std::string_view name, int value, const std::string& all) {
    if (!allowed)
      fields.unsupported(name, std::to_string(value), fmt::format("in mode {}: {}", mode, all));
  };
  check(format->allows_bits(packing.bits), "bits", packing.bits, listed(format->bits));
  check(format->allows_group(packing.group_size), "group_size", packing.group_size,
        listed(format->group_sizes));
  TRY(fields.finish());
  return packing;
}

/// FP8 as DeepSeek and others publish it: E4M3 in blocks, or one scale per matrix where the block
/// size is null.
Result<nn::Fp8Blocks> parse_fp8(const json::object& object, const std::string& path) {
  Fields fields(object, path);
  const std::string kind = fields.text("fmt", "e4m3");
  if (kind != "e4m3" && kind != "float8_e4m3fn")
    fields.unsupported("fmt", kind, "e4m3, float8_e4m3fn");
  nn::Fp8Blocks blocks;
  if (const json::value* sides = fields.find("weight_block_size")) {
    const json::array* pair = sides->if_array();
    const auto side = [&](std::size_t i) {
      const bool fits = pair && pair->size() == 2 && (*pair)[i].is_int64();
      return fits ? std::clamp<std::int64_t>((*pair)[i].get_int64(), 0, 1 << 24) : 0;
    };
    blocks = {.rows = static_cast<int>(side(0)), .columns = static_cast<int>(side(1))};
  }
  if (blocks.rows < 1 || blocks.columns < 1)
    fields.fault(ErrorCode::CorruptData, "weight_block_size", "must be two whole numbers above 0");
  TRY(fields.finish());
  return blocks;
}

/// Formats that are not MLX's: they name their quant_method and have no bits.
Result<nn::QuantisationSettings> parse_foreign(const json::object& object, const std::string& key,
                                               const std::string& method) {
  const std::string path = "config.json: " + key + ".";
  if (method == "fp8") return nn::QuantisationSettings{.fp8 = TRY(parse_fp8(object, path))};
  if (method == "mxfp4") return nn::QuantisationSettings{.mxfp4_blocks = true};
  Fields fields(object, path);
  fields.unsupported("quant_method", method,
                     "fp8, mxfp4, or MLX's own bits, group_size and mode without a quant_method");
  TRY(fields.finish());
  return nn::QuantisationSettings{};
}

/// A member that is no setting of the whole model is a layer's path.
bool is_layer(std::string_view key) {
  static constexpr auto kGlobal =
      std::to_array<std::string_view>({"bits", "group_size", "mode", "quant_method"});
  return std::ranges::count(kGlobal, key) == 0;
}

Result<void> add_layer(nn::QuantisationSettings& settings, const std::string& layer,
                       const json::value& value, const std::string& key) {
  if (value.is_bool())
    settings.layers[layer] = value.get_bool() ? settings.global : std::nullopt;
  else if (value.is_object())
    settings.layers[layer] = TRY(parse_packing(value.get_object(), key + "." + layer));
  else
    return fail(ErrorCode::CorruptData, "config.json: {}.{} must be an object or false", key,
                layer);
  return {};
}

constexpr std::string_view kFull = "full_attention";
constexpr std::string_view kSliding = "sliding_attention";

/// Which layers slide, by their kinds or by the family's rule.
std::vector<bool> sliding_layers(Fields& fields, const std::vector<std::string>& kinds,
                                 const std::function<bool(int)>& slides, int layers) {
  std::vector<bool> sliding;
  for (int layer = 0; layer < layers; ++layer) {
    if (kinds.empty()) {
      sliding.push_back(slides(layer));
      continue;
    }
    const std::string& kind = kinds[static_cast<std::size_t>(layer)];
    if (kind != kFull && kind != kSliding)
      fields.unsupported("layer_types", kind, "full_attention, sliding_attention");
    sliding.push_back(kind == kSliding);
  }
  return sliding;
}

}  // namespace

Result<nn::QuantisationSettings> parse_quantisation(const json::object& root) {
  const bool mlx = root.contains("quantization") && !root.at("quantization").is_null();
  const std::string key = mlx ? "quantization" : "quantization_config";
  const json::value* value = root.if_contains(key);
  if (!value || value->is_null()) return nn::QuantisationSettings{};
  if (!value->is_object())
    return fail(ErrorCode::CorruptData, "config.json: {} must be an object", key);
  const json::object& object = value->get_object();
  Fields fields(object, "config.json: " + key + ".");
  const std::string method = fields.text("quant_method", "");
  TRY(fields.finish());
  if (!method.empty() && method != "mlx" && method != "affine")
    return parse_foreign(object, key, method);

  nn::QuantisationSettings settings{.global = TRY(parse_packing(object, key))};
  for (const auto& member : object)
    if (is_layer(member.key()))
      TRY(add_layer(settings, std::string(member.key()), member.value(), key));
  return settings;
}

Result<std::vector<std::string>> layer_types(const Config& config) {
  Fields fields = config.fields();
  const json::value* kinds = fields.find("layer_types");
  if (!kinds) return std::vector<std::string>{};
  std::vector<std::string> names;
  if (const json::array* list = kinds->if_array())
    for (const json::value& kind : *list)
      names.emplace_back(kind.is_string() ? std::string(kind.get_string()) : "?");
  if (std::cmp_not_equal(names.size(), config.layers))
    fields.fault(ErrorCode::CorruptData, "layer_types",
                 fmt::format("must be a list of num_hidden_layers = {} names", config.layers));
  TRY(fields.finish());
  return names;
}

Result<std::vector<int>> sliding_windows(const Config& config,
                                         const std::function<bool(int)>& slides) {
  const std::vector<std::string> kinds = TRY(layer_types(config));
  Fields fields = config.fields();
  const auto sliding = sliding_layers(fields, kinds, slides, config.layers);
  TRY(fields.finish());
  const bool wanted = std::ranges::count(sliding, true) > 0;
  if (wanted && !kinds.empty() && !fields.has("sliding_window"))
    fields.fault(ErrorCode::CorruptData, "sliding_window",
                 "is missing, though layer_types has sliding_attention");
  const bool windowed = wanted && fields.has("sliding_window");
  const int window = windowed ? fields.integer("sliding_window", {}, {1, 1LL << 30}) : 0;
  TRY(fields.finish());
  std::vector<int> windows;
  for (const bool slides_here : sliding) windows.push_back(slides_here ? window : 0);
  return windows;
}

Result<std::vector<int>> upper_windows(const Config& config) {
  Fields fields = config.fields();
  const bool enabled = fields.boolean("use_sliding_window", false);
  const int first = fields.integer("max_window_layers", config.layers, {0, 1 << 16});
  TRY(fields.finish());
  if (!enabled) return std::vector<int>(static_cast<std::size_t>(config.layers), 0);
  return sliding_windows(config, [first](int layer) { return layer >= first; });
}

Result<nn::Activation> read_activation(const Config& config, std::string_view key,
                                       std::string_view otherwise) {
  struct Named {
    std::string_view name;
    mlx::core::array (*function)(const mlx::core::array&);
  };
  static constexpr auto kActivations = std::to_array<Named>({{"silu", nn::silu},
                                                             {"swish", nn::silu},
                                                             {"gelu", nn::gelu},
                                                             {"gelu_new", nn::gelu_tanh},
                                                             {"gelu_pytorch_tanh", nn::gelu_tanh},
                                                             {"gelu_fast", nn::gelu_tanh},
                                                             {"relu", nn::relu},
                                                             {"relu2", nn::relu_squared}});
  Fields fields = config.fields();
  const std::string name = fields.text(key, otherwise);
  const auto* found = std::ranges::find(kActivations, name, &Named::name);
  if (found != kActivations.end() || !fields.finish()) {
    TRY(fields.finish());
    return nn::Activation(found->function);
  }
  std::string list;
  for (const Named& known : kActivations)
    list += fmt::format("{}{}", list.empty() ? "" : ", ", known.name);
  fields.unsupported(key, name, list);
  return fail(fields.finish().error());
}

}  // namespace hearth::models
