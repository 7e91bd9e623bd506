// Which layers attend, and how norms are stored.
#include "models/gated_delta_layers.h"

#include <string>

#include "models/moe_spec.h"
#include "nn/gated_delta.h"

namespace hearth::models {

namespace {

constexpr int kDefaultInterval = 4;

/// Per layer whether it attends: by layer_types, else every full_attention_interval-th.
Result<std::vector<bool>> attending(const Config& config) {
  const std::vector<std::string> kinds = TRY(layer_types(config));
  Fields fields = config.fields();
  const int interval = fields.integer("full_attention_interval", kDefaultInterval);
  std::vector<bool> attends;
  for (int layer = 0; layer < config.layers; ++layer) {
    if (kinds.empty()) {
      attends.push_back((layer + 1) % interval == 0);
      continue;
    }
    const std::string& kind = kinds[static_cast<std::size_t>(layer)];
    if (kind != "full_attention" && kind != "linear_attention")
      fields.unsupported("layer_types", kind, "full_attention, linear_attention");
    attends.push_back(kind == "full_attention");
  }
  TRY(fields.finish());
  return attends;
}

Result<nn::GatedDeltaSpec> delta_spec(const Config& config, bool fused) {
  Fields fields = config.fields();
  const nn::GatedDeltaSpec spec{.width = config.hidden_size,
                                .key_heads = fields.integer("linear_num_key_heads", 16),
                                .value_heads = fields.integer("linear_num_value_heads", 32),
                                .key_dim = fields.integer("linear_key_head_dim", 128),
                                .value_dim = fields.integer("linear_value_head_dim", 128),
                                .kernel = fields.integer("linear_conv_kernel_dim", 4, {2, 1024}),
                                .epsilon = config.norm_epsilon,
                                .fused = fused};
  if (spec.value_heads % spec.key_heads != 0)
    fields.fault(ErrorCode::CorruptData, "linear_num_key_heads",
                 fmt::format("{} does not divide linear_num_value_heads {}", spec.key_heads,
                             spec.value_heads));
  TRY(fields.finish());
  return spec;
}

/// Hugging Face stores norms as what is added to 1; who converts for MLX adds the 1, and turns the
/// convolutions round. So the one tells the other.
bool norms_lack_one(const nn::GatedDeltaSpec& spec, const std::vector<bool>& attends,
                    nn::Weights& weights) {
  const int width = 2 * spec.key_heads * spec.key_dim + spec.value_heads * spec.value_dim;
  for (std::size_t layer = 0; layer < attends.size(); ++layer)
    if (!attends[layer])
      return nn::in_torch_layout({weights, fmt::format("model.layers.{}", layer)},
                                 "linear_attn.conv1d.weight", width, spec.kernel);
  return true;
}

}  // namespace

void prepare_gated_delta(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 32768);
  set_default(config, "head_dim", 256);
  const json::value* rope = config.if_contains("rope_parameters");
  if (!rope || !rope->is_object() || !rope->get_object().contains("partial_rotary_factor"))
    set_default(config, "partial_rotary_factor", 0.25);
}

Result<DecoderSpec> gated_delta_spec(const Config& config, const ModelFacts& facts, bool fused,
                                     nn::Weights& weights) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  const nn::GatedDeltaSpec delta = TRY(delta_spec(config, fused));
  const std::vector<bool> attends = TRY(attending(config));
  spec.norm.plus_one = norms_lack_one(delta, attends, weights);
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm};
  spec.attention.gated = true;
  // What predicts several tokens at once is another model's business.
  weights.drop([](std::string_view path) { return path.starts_with("mtp."); });
  spec.mixer = [delta, attends](int layer, const nn::AttentionSpec& attention,
                                const nn::Scope& scope) -> std::unique_ptr<nn::Mixer> {
    if (attends[static_cast<std::size_t>(layer)])
      return std::make_unique<nn::Attention>(attention, scope.scope("self_attn"));
    return std::make_unique<nn::GatedDelta>(delta, scope.scope("linear_attn"));
  };
  return spec;
}

Result<nn::MoeSpec> gated_shared_experts(const Config& config) {
  nn::MoeSpec moe = TRY(moe_spec(config));
  Fields fields = config.fields();
  moe.router.renormalise = fields.boolean("norm_topk_prob", true);
  moe.shared_inner = fields.integer("shared_expert_intermediate_size", 512, {1, 1 << 22});
  TRY(fields.finish());
  moe.shared_gated = true;
  moe.names.shared = "shared_expert";
  return moe;
}

}  // namespace hearth::models
