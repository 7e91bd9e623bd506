// Gemma 3n (text): sliding and full attention 4 to 1, the last layers reading the keys and values
// of earlier ones, and feed-forward layers of which the first ones compute little.
#include "models/gemma3n.h"

#include <algorithm>

#include "models/family.h"

namespace hearth::models::arch {

namespace {

constexpr int kFullEvery = 5;
constexpr int kSparseLayers = 10;

/// Configs give one width for all layers, or one per layer. The common field takes one.
void prepare(json::object& config, std::string_view) {
  static const json::object kDefaults{{"vocab_size", 262400},
                                      {"vocab_size_per_layer_input", 262144},
                                      {"hidden_size", 2048},
                                      {"hidden_size_per_layer_input", 256},
                                      {"intermediate_size", 16384},
                                      {"num_hidden_layers", 35},
                                      {"num_attention_heads", 8},
                                      {"num_key_value_heads", 2},
                                      {"head_dim", 256},
                                      {"max_position_embeddings", 32768},
                                      {"rope_theta", 1000000.0},
                                      {"rope_local_base_freq", 10000.0},
                                      {"sliding_window", 512},
                                      {"final_logit_softcapping", 30.0},
                                      {"tie_word_embeddings", true},
                                      {"num_kv_shared_layers", 15}};
  for (const auto& member : kDefaults) set_default(config, member.key(), member.value());
  const json::array* widths = config.at("intermediate_size").if_array();
  if (!widths || widths->empty()) return;
  config["intermediate_sizes"] = json::array(*widths);
  config["intermediate_size"] = json::value(widths->front());
}

/// A list with one entry per layer, or nothing where the config has none.
Result<std::vector<double>> per_layer(const Config& config, std::string_view key) {
  Fields fields = config.fields();
  std::vector<double> values = fields.number_list(key);
  if (!values.empty() && std::cmp_not_equal(values.size(), config.layers))
    fields.fault(ErrorCode::CorruptData, key,
                 fmt::format("must be a list of num_hidden_layers = {} numbers", config.layers));
  TRY(fields.finish());
  return values;
}

/// The layer whose keys and values `layer` reads: the last of its kind that has its own.
std::optional<std::size_t> source_of(int layer, int first_shared, const std::vector<int>& windows) {
  if (layer < first_shared) return {};
  for (int source = first_shared - 1; source >= 0; --source)
    if (windows[static_cast<std::size_t>(source)] == windows[static_cast<std::size_t>(layer)])
      return static_cast<std::size_t>(source);
  return {};
}

Result<std::vector<nn::AttentionSpec>> attention_specs(const Config& config,
                                                       const nn::NormSpec& norm) {
  const auto windows =
      TRY(sliding_windows(config, [](int layer) { return (layer + 1) % kFullEvery != 0; }));
  Fields fields = config.fields();
  const int shared = fields.integer("num_kv_shared_layers", 0, {0, config.layers - 1});
  const bool bias = fields.boolean("attention_bias", false);
  const int first_shared = config.layers - shared;
  const auto rope = std::make_shared<const nn::Rope>(config.rope, config.head_dim);
  const nn::RopeSpec near{.theta = fields.number("rope_local_base_freq")};
  const auto local =
      std::make_shared<const nn::Rope>(config.local_rope.value_or(near), config.head_dim);
  std::vector<nn::AttentionSpec> specs;
  for (int layer = 0; layer < config.layers; ++layer) {
    const int window = windows[static_cast<std::size_t>(layer)];
    specs.push_back({.width = config.hidden_size,
                     .heads = config.heads,
                     .kv_heads = config.kv_heads,
                     .head_dim = config.head_dim,
                     .qkv_bias = bias,
                     .output_bias = bias,
                     .qk_norm = nn::QkNorm{.norm = norm},
                     .value_norm = nn::NormSpec{.epsilon = norm.epsilon, .weight = false},
                     .rope = window > 0 ? local : rope,
                     .window = window,
                     .scale = 1.0F,
                     .shares = source_of(layer, first_shared, windows)});
    if (layer >= first_shared && !specs.back().shares)
      fields.fault(ErrorCode::CorruptData, "num_kv_shared_layers",
                   fmt::format("leaves layer {} no earlier layer of its kind to read", layer));
  }
  TRY(fields.finish());
  return specs;
}

Result<std::vector<nn::MlpSpec>> mlp_specs(const Config& config, const nn::Activation& activation) {
  const auto widths = TRY(per_layer(config, "intermediate_sizes"));
  auto sparsity = TRY(per_layer(config, "activation_sparsity_pattern"));
  const bool given = config.fields().has("activation_sparsity_pattern");
  std::vector<nn::MlpSpec> specs;
  for (int layer = 0; layer < config.layers; ++layer) {
    const auto at = static_cast<std::size_t>(layer);
    const bool early = config.layers > kSparseLayers && layer < kSparseLayers;
    const double off = given ? sparsity[at] : early ? 0.95 : 0.0;
    if (!(off >= 0.0 && off < 1.0))
      return fail(ErrorCode::CorruptData, "{}activation_sparsity_pattern: {} is not in [0, 1)",
                  config.fields().path(), off);
    specs.push_back(
        {.width = config.hidden_size,
         .inner = widths.empty() ? config.intermediate_size : static_cast<int>(widths[at]),
         .activation = off > 0.0 ? nn::largest_only(activation, off) : activation});
  }
  return specs;
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  const nn::NormSpec norm{.epsilon = config.norm_epsilon};
  Fields fields = config.fields();
  Gemma3nSpec spec{
      .vocab_size = config.vocab_size,
      .layer_vocab_size = fields.integer("vocab_size_per_layer_input"),
      .hidden_size = config.hidden_size,
      .layer_input_size = fields.integer("hidden_size_per_layer_input"),
      .laurel_rank = fields.integer("laurel_rank", 64),
      .norm = norm,
      .alt_up = {.width = config.hidden_size,
                 .streams = fields.integer("altup_num_inputs", 4, {2, 64}),
                 .active = fields.integer("altup_active_idx", 0, {0, 63}),
                 .norm = norm},
      .scaled_correction = fields.boolean("altup_correct_scale", true),
      .activation = TRY(read_activation(config, "hidden_activation", "gelu_pytorch_tanh")),
      .logit_softcap = static_cast<float>(fields.number("final_logit_softcapping", 0.0)),
      .tied_head = facts.tied_head};
  if (spec.alt_up.active >= spec.alt_up.streams)
    fields.fault(ErrorCode::CorruptData, "altup_active_idx",
                 fmt::format("must be below altup_num_inputs = {}", spec.alt_up.streams));
  TRY(fields.finish());
  spec.attention = TRY(attention_specs(config, norm));
  spec.mlp = TRY(mlp_specs(config, spec.activation));
  // Checkpoints keep keys and values of layers that read those of others.
  weights.drop([&spec](std::string_view path) {
    for (std::size_t layer = 0; layer < spec.attention.size(); ++layer)
      for (const std::string_view name : {"k_proj", "v_proj", "k_norm", "v_norm"})
        if (spec.attention[layer].shares &&
            path.starts_with(fmt::format("model.layers.{}.self_attn.{}.", layer, name)))
          return true;
    return false;
  });
  return std::make_unique<Gemma3n>(facts, spec, weights);
}

}  // namespace

Family gemma3n() {
  return {.model_types = {"gemma3n", "gemma3n_text"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
