// LFM2 with experts behind its first layers: sigmoid scores, and a bias that counts for picking
// only.
#include "models/lfm2_layers.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view model_type) {
  prepare_lfm2(config, model_type);
  set_default(config, "num_experts", 32);
  set_default(config, "num_experts_per_tok", 4);
  set_default(config, "moe_intermediate_size", 1792);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(lfm2_spec(config, facts));
  nn::MoeSpec moe = TRY(moe_spec(config));
  Fields fields = config.fields();
  moe.router.score = nn::RouterSpec::Score::Sigmoid;
  moe.router.correction = fields.boolean("use_expert_bias", true);
  moe.router.renormalise = fields.boolean("norm_topk_prob", true);
  moe.router.scale = static_cast<float>(fields.number("routed_scaling_factor", 1.0));
  const int dense = fields.integer("num_dense_layers", 2, {0, 1 << 16});
  TRY(fields.finish());
  moe.names.router.correction = "expert_bias";
  place_experts(spec, moe, [dense](int layer) { return layer >= dense; });
  return make_decoder(spec, weights, facts);
}

/// The experts' w1, w2 and w3 have their names from expert_names().
std::vector<Rename> names() {
  std::vector<Rename> all = lfm2_names();
  all.push_back({".feed_forward.", ".mlp."});
  return expert_names(std::move(all));
}

}  // namespace

Family lfm2_moe() {
  return {.model_types = {"lfm2_moe"}, .prepare = prepare, .names = names(), .build = build};
}

}  // namespace hearth::models::arch
