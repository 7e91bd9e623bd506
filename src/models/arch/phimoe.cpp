// Phi-3.5-MoE: layer norms, biases by choice, and a router that weighs each of its two picks
// against the experts that came close to it.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 131072);
  set_default(config, "num_local_experts", 16);
  set_default(config, "num_experts_per_tok", 2);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.norm.kind = nn::NormSpec::Kind::Layer;
  spec.norm.bias = true;
  spec.windows = TRY(sliding_windows(config, [](int) { return true; }));
  nn::MoeSpec moe =
      TRY(moe_spec(config, {.experts = "num_local_experts", .inner = "intermediate_size"}));
  moe.router.score = nn::RouterSpec::Score::SparseMixer;
  Fields fields = config.fields();
  moe.router.jitter = static_cast<float>(fields.number("router_jitter_noise", 0.01));
  spec.head_bias = fields.boolean("lm_head_bias", false);
  if (moe.router.active != 2 || moe.router.experts < 2)
    fields.unsupported("num_experts_per_tok", std::to_string(moe.router.active),
                       "2 of at least 2 experts");
  TRY(fields.finish());
  place_experts(spec, moe);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family phimoe() {
  return {.model_types = {"phimoe"}, .prepare = prepare, .names = expert_names(), .build = build};
}

}  // namespace hearth::models::arch
