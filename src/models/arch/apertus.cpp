// Apertus: Llama with normed query and key heads and a plain feed-forward layer, whose activation
// (xIELU) each layer has learned for itself.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

/// The learned activation of one layer.
nn::Activation xielu(const nn::Scope& weights) {
  const auto number = [&](std::string_view name, const nn::mx::Shape& shape) {
    return weights.tensor(name, shape);
  };
  const nn::mx::array beta = number("beta", {});
  return [positive = nn::softplus(number("alpha_p", {1})),
          negative = nn::mx::add(beta, nn::softplus(number("alpha_n", {1}))), beta,
          epsilon = number("eps", {})](const nn::mx::array& x) {
    return nn::xielu(x, {positive, negative, beta, epsilon});
  };
}

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 65536);
  set_default(config, "rms_norm_eps", 1e-5);
  set_default(config, "rope_theta", 12000000.0);
  if (!config.contains("hidden_act") || config["hidden_act"] == "xielu")
    config["hidden_act"] = "silu";
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.norms.mixer_in = "attention_layernorm";
  spec.norms.feed_in = "feedforward_layernorm";
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm};
  spec.feed_forward = [mlp = spec.mlp](int, const nn::Scope& layer) {
    nn::MlpSpec own = mlp;
    own.activation = xielu(layer.scope("mlp.act_fn"));
    return std::make_unique<nn::PlainMlp>(own, layer.scope("mlp"));
  };
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family apertus() {
  return {.model_types = {"apertus"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
