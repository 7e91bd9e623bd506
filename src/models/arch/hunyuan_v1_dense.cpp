// Hunyuan dense: Llama whose query and key heads are normed after they are turned.
#include <cmath>

#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

/// Its configs call "dynamic" what is a fixed stretch of the base: theta alpha^(Dh / (Dh - 2)).
void stretch_base(json::object& config, json::object& rope, double head_dim) {
  const json::value* alpha = rope.if_contains("alpha");
  const json::value* type = rope.if_contains(rope.contains("rope_type") ? "rope_type" : "type");
  if (!alpha || !alpha->is_number() || !type || *type != "dynamic") return;
  json::object& home = rope.contains("rope_theta") ? rope : config;
  const json::value theta = home.contains("rope_theta") ? home["rope_theta"] : 10000.0;
  if (!theta.is_number()) return;  // refused by name when the rope is read
  home["rope_theta"] =
      theta.to_number<double>() * std::pow(alpha->to_number<double>(), head_dim / (head_dim - 2.0));
  rope.erase("type");
  rope["rope_type"] = "default";
}

void prepare(json::object& config, std::string_view) {
  set_default(config, "rms_norm_eps", 1e-5);
  const json::value* head_dim = config.if_contains("head_dim");
  const double dims = head_dim && head_dim->is_number() ? head_dim->to_number<double>() : 128.0;
  for (const std::string_view key : {"rope_scaling", "rope_parameters"})
    if (json::value* rope = config.if_contains(key); rope && rope->is_object())
      stretch_base(config, rope->get_object(), dims);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm, .after_rope = true};
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family hunyuan_v1_dense() {
  return {.model_types = {"hunyuan_v1_dense"},
          .prepare = prepare,
          .names = {{"query_layernorm.", "q_norm."}, {"key_layernorm.", "k_norm."}},
          .build = build};
}

}  // namespace hearth::models::arch
