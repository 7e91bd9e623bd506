// Granite 4: Mamba2 in most layers and attention in a few; each is followed by a shared MLP, with
// experts beside it in the larger models.
#include <utility>

#include "models/mamba_layers.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

/// The experts' answer and the shared MLP's, added.
class WithShared final : public nn::FeedForward {
 public:
  WithShared(const nn::MoeSpec& moe, const nn::MlpSpec& shared, const nn::Scope& weights)
      : experts_(moe, weights.scope("block_sparse_moe")),
        shared_(shared, weights.scope("shared_mlp")) {}

  nn::mx::array operator()(const nn::mx::array& x) const override {
    return nn::mx::add(experts_(x), shared_(x));
  }

 private:
  nn::Moe experts_;
  nn::GatedMlp shared_;
};

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 2048);
  for (const std::string_view key :
       {"embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling"})
    set_default(config, key, 1.0);
}

Result<std::vector<bool>> attending(const Config& config) {
  const std::vector<std::string> kinds = TRY(layer_types(config));
  Fields fields = config.fields();
  std::vector<bool> attends(static_cast<std::size_t>(config.layers), false);
  for (std::size_t layer = 0; layer < kinds.size(); ++layer) {
    const std::string& kind = kinds[layer];
    attends[layer] = kind == "attention" || kind == "full_attention";
    if (!attends[layer] && kind != "mamba" && kind != "linear_attention")
      fields.unsupported("layer_types", kind, "mamba, attention");
  }
  TRY(fields.finish());
  return attends;
}

Result<void> place_mixers(const Config& config, DecoderSpec& spec) {
  Fields fields = config.fields();
  const int inner = config.hidden_size * fields.integer("mamba_expand", 2);
  const std::string positions = fields.text("position_embedding_type", "nope");
  if (positions != "rope") spec.rope.reset();
  TRY(fields.finish());
  nn::Mamba2Spec mamba = TRY(mamba2_spec(config, inner));
  mamba.norm_epsilon = config.norm_epsilon;
  mamba.norm_groups = mamba.groups;
  spec.mixer = [mamba, attends = TRY(attending(config))](
                   int layer, const nn::AttentionSpec& attention,
                   const nn::Scope& weights) -> std::unique_ptr<nn::Mixer> {
    if (attends[static_cast<std::size_t>(layer)])
      return std::make_unique<nn::Attention>(attention, weights.scope("self_attn"));
    return std::make_unique<nn::Mamba2>(mamba, weights.scope("mamba"));
  };
  return {};
}

/// Converted checkpoints without experts have the shared MLP as a plain one.
Result<void> place_feed_forward(const Config& config, DecoderSpec& spec) {
  Fields fields = config.fields();
  nn::MlpSpec shared = spec.mlp;
  shared.inner = fields.integer("shared_intermediate_size", 1024, {1, 1 << 22});
  const bool experts = fields.integer("num_local_experts", 8, {0, 1 << 16}) > 0;
  TRY(fields.finish());
  if (!experts) {
    spec.feed_forward = [shared](int, const nn::Scope& weights) {
      nn::MlpSpec mlp = shared;
      mlp.fused = !weights.has("mlp.gate_proj.weight");
      return nn::make_mlp(mlp, weights.scope(mlp.fused ? "shared_mlp" : "mlp"));
    };
    return {};
  }
  shared.fused = true;
  nn::MoeSpec moe =
      TRY(moe_spec(config, {.experts = "num_local_experts", .inner = "intermediate_size"}));
  moe.router.score = nn::RouterSpec::Score::SoftmaxOfPicked;
  spec.feed_forward = [shared, moe](int, const nn::Scope& weights) {
    return std::make_unique<WithShared>(moe, shared, weights);
  };
  return {};
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  spec.embedding_scale = static_cast<float>(fields.number("embedding_multiplier"));
  spec.attention.scale = static_cast<float>(fields.number("attention_multiplier"));
  spec.residual_scale = static_cast<float>(fields.number("residual_multiplier"));
  spec.logit_scale = static_cast<float>(1.0 / fields.number("logits_scaling"));
  TRY(fields.finish());
  TRY(place_mixers(config, spec));
  TRY(place_feed_forward(config, spec));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family granitemoehybrid() {
  return {
      .model_types = {"granitemoehybrid"},
      .prepare = prepare,
      .names = {{".shared_mlp.input_linear.", ".shared_mlp.gate_up_proj."},
                {".shared_mlp.output_linear.", ".shared_mlp.down_proj."},
                {".router.layer.", ".gate."},
                {".router.", ".gate."},
                {".switch_mlp.", ".experts."},
                {".block_sparse_moe.input_linear.weight", ".block_sparse_moe.experts.gate_up_proj"},
                {".block_sparse_moe.output_linear.weight", ".block_sparse_moe.experts.down_proj"}},
      .build = build};
}

}  // namespace hearth::models::arch
