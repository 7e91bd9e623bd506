// Settings that differ between layers: attention windows and packing.
#include <algorithm>
#include <array>

#include "models/config.h"
#include "models/fields.h"

namespace hearth::models {

namespace {

constexpr int kDefaultGroup = 64;  // mlx-lm writes null where nobody chose a group size
constexpr int kDefaultBits = 4;
constexpr auto kBits = std::to_array({2, 3, 4, 5, 6, 8});
constexpr auto kGroups = std::to_array({32, 64, 128});

/// One dict with bits, group_size and mode. A layer's own dict without a mode is affine.
Result<nn::Packing> parse_packing(const json::object& object, const std::string& path) {
  Fields fields(object, "config.json: " + path + ".");
  const std::string mode = fields.text("mode", "affine");
  if (mode != "affine") fields.unsupported("mode", mode, "affine");
  const nn::Packing packing{.bits = fields.integer("bits", kDefaultBits),
                            .group_size = fields.integer("group_size", kDefaultGroup)};
  if (std::ranges::count(kBits, packing.bits) == 0)
    fields.unsupported("bits", std::to_string(packing.bits), "2, 3, 4, 5, 6, 8");
  if (std::ranges::count(kGroups, packing.group_size) == 0)
    fields.unsupported("group_size", std::to_string(packing.group_size), "32, 64, 128");
  TRY(fields.finish());
  return packing;
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

/// Whether layer `index` slides, by its kind's name or by the family's rule.
struct WindowRule {
  std::vector<std::string> kinds;  // empty: no layer_types
  bool enabled = false;
  int first = 0;  // without kinds: layers from here on slide
};

WindowRule window_rule(Fields& fields, const json::object& object, std::string_view model_type,
                       int layers) {
  const bool qwen = model_type == "qwen2" || model_type == "qwen3";
  WindowRule rule;
  rule.enabled = fields.has("sliding_window") && fields.boolean("use_sliding_window", !qwen);
  rule.first = qwen ? fields.integer("max_window_layers", layers, {0, 1 << 16}) : 0;
  // A llama without layer_types has no sliding layers, whatever sliding_window says.
  if (model_type == "llama") rule.first = layers;
  const json::value* kinds = object.if_contains("layer_types");
  if (!kinds || kinds->is_null()) return rule;
  if (const json::array* list = kinds->if_array())
    for (const json::value& kind : *list)
      rule.kinds.emplace_back(kind.is_string() ? std::string(kind.get_string()) : "?");
  if (std::cmp_not_equal(rule.kinds.size(), layers))
    fields.fault(ErrorCode::CorruptData, "layer_types",
                 fmt::format("must be a list of num_hidden_layers = {} names", layers));
  return rule;
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
  if (!method.empty() && !fields.has("bits"))
    fields.unsupported("quant_method", method, "MLX's affine mode: bits, group_size, mode");
  if (!method.empty() && method != "mlx" && method != "affine")
    fields.unsupported("quant_method", method, "MLX's affine mode, without a quant_method");
  TRY(fields.finish());

  nn::QuantisationSettings settings{.global = TRY(parse_packing(object, key))};
  for (const auto& member : object)
    if (is_layer(member.key()))
      TRY(add_layer(settings, std::string(member.key()), member.value(), key));
  return settings;
}

Result<std::vector<int>> parse_windows(const json::object& object, std::string_view model_type,
                                       int layers) {
  Fields fields(object, "config.json: ");
  const WindowRule rule = window_rule(fields, object, model_type, layers);
  TRY(fields.finish());
  const int window = rule.enabled ? fields.integer("sliding_window", {}, {1, 1LL << 30}) : 0;
  std::vector<int> windows;
  for (int layer = 0; layer < layers; ++layer) {
    if (rule.kinds.empty()) {
      windows.push_back(layer >= rule.first ? window : 0);
      continue;
    }
    const std::string& kind = rule.kinds[static_cast<std::size_t>(layer)];
    if (kind != "full_attention" && kind != "sliding_attention")
      fields.unsupported("layer_types", kind, "full_attention, sliding_attention");
    if (kind == "sliding_attention" && window == 0)
      fields.fault(ErrorCode::CorruptData, "sliding_window",
                   "is missing, though layer_types has sliding_attention");
    windows.push_back(kind == "sliding_attention" ? window : 0);
  }
  TRY(fields.finish());
  return windows;
}

}  // namespace hearth::models
