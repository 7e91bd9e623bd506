// Mixtral: Mistral with eight experts in place of each MLP, two of them for every token.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 131072);
  set_default(config, "num_local_experts", 8);
  set_default(config, "num_experts_per_tok", 2);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.windows = TRY(sliding_windows(config, [](int) { return true; }));
  nn::MoeSpec moe =
      TRY(moe_spec(config, {.experts = "num_local_experts", .inner = "intermediate_size"}));
  moe.router.score = nn::RouterSpec::Score::SoftmaxOfPicked;
  place_experts(spec, moe);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family mixtral() {
  return {.model_types = {"mixtral"}, .prepare = prepare, .names = expert_names(), .build = build};
}

}  // namespace hearth::models::arch
