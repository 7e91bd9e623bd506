// MiniMax-M2: a part of each head turns, queries and keys are normed over all heads, and experts
// score by sigmoids with a correction.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

/// M2 tells how many channels turn, and spells its kind of layers in numbers.
void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 196608);
  set_default(config, "head_dim", 128);
  set_default(config, "num_local_experts", 256);
  set_default(config, "num_experts_per_tok", 8);
  const json::value* dims = config.if_contains("rotary_dim");
  const json::value* all = config.if_contains("head_dim");
  const bool numbers = dims && dims->is_int64() && all && all->is_int64() && all->get_int64() > 0;
  if (numbers && !config.contains("rope_parameters"))
    set_default(config, "partial_rotary_factor",
                static_cast<double>(dims->get_int64()) / static_cast<double>(all->get_int64()));
}

/// The older MiniMax models, whose layers attend linearly, share the name.
Result<void> check_layers(const Config& config) {
  Fields fields = config.fields();
  for (const int kind : fields.id_list("attn_type_list"))
    if (kind != 1) fields.unsupported("attn_type_list", std::to_string(kind), "1: full attention");
  for (const std::string& kind : TRY(layer_types(config)))
    if (kind != "full_attention") fields.unsupported("layer_types", kind, "full_attention");
  return fields.finish();
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  TRY(check_layers(config));
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  nn::MoeSpec moe =
      TRY(moe_spec(config, {.experts = "num_local_experts", .inner = "intermediate_size"}));
  Fields fields = config.fields();
  if (fields.boolean("use_qk_norm", true))
    spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm, .over = nn::QkNorm::Over::AllHeads};
  TRY(fields.finish());
  moe.router.score = nn::RouterSpec::Score::Sigmoid;
  moe.router.correction = moe.router.renormalise = true;
  moe.names.router.correction = "e_score_correction_bias";
  place_experts(spec, moe);
  drop_extra_layers(weights, config.layers);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family minimax_m2() {
  return {.model_types = {"minimax_m2", "minimax"},
          .prepare = prepare,
          .names = expert_names(),
          .build = build};
}

}  // namespace hearth::models::arch
