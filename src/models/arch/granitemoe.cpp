// Granite 3 MoE: Granite with experts, whose tensors hold gate and up in one.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"
#include "models/multipliers.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 2048);
  set_default(config, "num_local_experts", 8);
  set_default(config, "num_experts_per_tok", 2);
  default_multipliers(config);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  TRY(read_multipliers(config, spec));
  nn::MoeSpec moe =
      TRY(moe_spec(config, {.experts = "num_local_experts", .inner = "intermediate_size"}));
  moe.router.score = nn::RouterSpec::Score::SoftmaxOfPicked;
  place_experts(spec, moe);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family granitemoe() {
  return {.model_types = {"granitemoe"},
          .prepare = prepare,
          .names = expert_names({{".router.layer.", ".gate."},
                                 {".router.", ".gate."},
                                 {".input_linear.weight", ".experts.gate_up_proj"},
                                 {".output_linear.weight", ".experts.down_proj"}}),
          .build = build};
}

}  // namespace hearth::models::arch
