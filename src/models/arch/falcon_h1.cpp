// Falcon H1: attention and Mamba2 side by side in every layer, and factors nearly everywhere.
#include <cmath>
#include <utility>

#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/mamba_layers.h"
#include "nn/mixer_sum.h"

namespace hearth::models::arch {

namespace {

/// Factors of the config that layers apply. mlx-lm multiplies most of them into the weights when it
/// converts, and turns the convolutions round: so the one tells the other. It forgets the keys'.
struct Factors {
  float embedding = 1.0F, head = 1.0F;
  float attention_in = 1.0F, attention_out = 1.0F, key = 1.0F;
  float ssm_in = 1.0F, ssm_out = 1.0F;
  std::vector<float> ssm = {};
  float gate = 1.0F, down = 1.0F;
};

/// A feed-forward layer whose answer is multiplied.
class Scaled final : public nn::FeedForward {
 public:
  Scaled(std::unique_ptr<nn::FeedForward> inner, float factor)
      : inner_(std::move(inner)), factor_(factor) {}

  nn::mx::array operator()(const nn::mx::array& x) const override {
    return nn::mx::multiply((*inner_)(x), nn::mx::array(factor_, x.dtype()));
  }

 private:
  std::unique_ptr<nn::FeedForward> inner_;
  float factor_;
};

Result<Factors> read_factors(const Config& config) {
  Fields fields = config.fields();
  const auto number = [&](std::string_view key) {
    return static_cast<float>(fields.number(key, 1.0));
  };
  Factors factors{.embedding = number("embedding_multiplier"),
                  .head = number("lm_head_multiplier"),
                  .attention_in = number("attention_in_multiplier"),
                  .attention_out = number("attention_out_multiplier"),
                  .key = number("key_multiplier"),
                  .ssm_in = number("ssm_in_multiplier"),
                  .ssm_out = number("ssm_out_multiplier")};
  const auto mlp = fields.number_list("mlp_multipliers");
  const auto ssm = fields.number_list("ssm_multipliers");
  if (!mlp.empty() && mlp.size() != 2)
    fields.fault(ErrorCode::CorruptData, "mlp_multipliers", "must be a list of 2 numbers");
  if (!ssm.empty() && ssm.size() != 5)
    fields.fault(ErrorCode::CorruptData, "ssm_multipliers", "must be a list of 5 numbers");
  TRY(fields.finish());
  if (!mlp.empty()) factors.gate = static_cast<float>(mlp[0]);
  if (!mlp.empty()) factors.down = static_cast<float>(mlp[1]);
  for (const double one : ssm) factors.ssm.push_back(static_cast<float>(one));
  return factors;
}

Result<nn::Mamba2Spec> read_mamba(const Config& config) {
  Fields fields = config.fields();
  const int expanded = config.hidden_size * fields.integer("mamba_expand", 2);
  const int inner = fields.integer("mamba_d_ssm", expanded);
  const bool normed = fields.boolean("mamba_rms_norm", false);
  const bool norm_first = fields.boolean("mamba_norm_before_gate", true);
  const bool out_bias = fields.boolean("projectors_bias", false);
  TRY(fields.finish());
  nn::Mamba2Spec mamba = TRY(mamba2_spec(config, inner));
  mamba.out_bias = out_bias;
  if (normed) mamba.norm_epsilon = config.norm_epsilon;
  mamba.norm_groups = mamba.groups;
  mamba.norm_first = norm_first;
  return mamba;
}

bool is_converted(const nn::Mamba2Spec& mamba, nn::Weights& weights) {
  const int width = mamba.heads * mamba.head_dim + 2 * mamba.groups * mamba.state;
  return !nn::in_torch_layout({weights, "model.layers.0"}, "mamba.conv1d.weight", width,
                              mamba.kernel);
}

/// What is left to apply where the weights were converted: the factor of the keys, that of the
/// values (which then stands behind the attention), and what a tied head has too much.
Factors left_over(const Factors& all, bool tied) {
  Factors left{.attention_out = all.attention_in, .key = all.key};
  if (tied) left.head = all.head / all.embedding;
  return left;
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Factors factors = TRY(read_factors(config));
  nn::Mamba2Spec mamba = TRY(read_mamba(config));
  if (is_converted(mamba, weights)) factors = left_over(factors, facts.tied_head);
  mamba.factors = factors.ssm;
  spec.norms.feed_in = "pre_ff_layernorm";
  spec.embedding_scale = factors.embedding;
  spec.logit_scale = factors.head;
  // Scores are linear in the keys, turned or not.
  spec.attention.scale = factors.key / std::sqrt(static_cast<float>(config.head_dim));
  spec.mixer = [factors, mamba](int, const nn::AttentionSpec& attention, const nn::Scope& scope) {
    std::vector<nn::MixerSum::Part> parts;
    parts.push_back({std::make_unique<nn::Mamba2>(mamba, scope.scope("mamba")), factors.ssm_in,
                     factors.ssm_out});
    parts.push_back({std::make_unique<nn::Attention>(attention, scope.scope("self_attn")),
                     factors.attention_in, factors.attention_out});
    return std::make_unique<nn::MixerSum>(std::move(parts));
  };
  nn::MlpSpec mlp = spec.mlp;
  mlp.activation = [gate = factors.gate, inner = spec.mlp.activation](const nn::mx::array& x) {
    return inner(nn::mx::multiply(x, nn::mx::array(gate, x.dtype())));
  };
  spec.feed_forward = [mlp, down = factors.down](int, const nn::Scope& scope) {
    return std::make_unique<Scaled>(nn::make_mlp(mlp, scope.scope("feed_forward")), down);
  };
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family falcon_h1() {
  return {.model_types = {"falcon_h1"},
          .names = {{"^model.final_layernorm.", "model.norm."}},
          .build = build};
}

}  // namespace hearth::models::arch
