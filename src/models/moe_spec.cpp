// Reads what configs say of experts, and puts the experts into a decoder.
#include "models/moe_spec.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace hearth::models {

Result<nn::MoeSpec> moe_spec(const Config& config, const MoeKeys& keys) {
  constexpr Range kExperts{1, 1 << 16};
  Fields fields = config.fields();
  nn::MoeSpec spec;
  spec.width = config.hidden_size;
  spec.inner = fields.integer(keys.inner, {}, {1, 1 << 22});
  spec.router.experts = fields.integer(keys.experts, {}, kExperts);
  spec.router.active = fields.integer(keys.active, {}, kExperts);
  if (spec.router.active > spec.router.experts)
    fields.fault(ErrorCode::CorruptData, keys.active,
                 fmt::format("{} is more than {} {}", spec.router.active, keys.experts,
                             spec.router.experts));
  TRY(fields.finish());
  return spec;
}

Result<void> read_grouped_router(const Config& config, nn::RouterSpec& router) {
  Fields fields = config.fields();
  router.score = nn::RouterSpec::Score::Sigmoid;
  router.correction = true;
  router.groups = fields.integer("n_group", 1, {1, router.experts});
  router.open_groups = fields.integer("topk_group", 1, {1, router.groups});
  router.renormalise = fields.boolean("norm_topk_prob", true);
  router.scale = static_cast<float>(fields.number("routed_scaling_factor", 1.0));
  const int members = router.experts / router.groups;
  if (router.experts % router.groups != 0 || (router.groups > 1 && members < 2))
    fields.fault(ErrorCode::CorruptData, "n_group",
                 fmt::format("{} does not divide {} experts into groups of 2 or more",
                             router.groups, router.experts));
  else if (router.active > router.open_groups * members)
    fields.fault(ErrorCode::CorruptData, "topk_group",
                 fmt::format("{} groups of {} experts are too few for {} active ones",
                             router.open_groups, members, router.active));
  return fields.finish();
}

Result<std::function<bool(int)>> sparse_steps(const Config& config) {
  Fields fields = config.fields();
  const int step = fields.integer("decoder_sparse_step", 1, {1, 1 << 16});
  const auto dense = fields.id_list("mlp_only_layers");
  TRY(fields.finish());
  return [step, dense](int layer) {
    return (layer + 1) % step == 0 && std::ranges::count(dense, layer) == 0;
  };
}

void place_experts(DecoderSpec& spec, const nn::MoeSpec& moe, std::function<bool(int)> sparse) {
  spec.feed_forward = [moe, mlp = spec.mlp, sparse = std::move(sparse)](
                          int layer, const nn::Scope& weights) -> std::unique_ptr<nn::FeedForward> {
    if (sparse(layer)) return std::make_unique<nn::Moe>(moe, weights.scope("mlp"));
    return nn::make_mlp(mlp, weights.scope("mlp"));
  };
}

void place_experts(DecoderSpec& spec, const nn::MoeSpec& moe) {
  place_experts(spec, moe, [](int) { return true; });
}

std::vector<Rename> expert_names(std::vector<Rename> own) {
  own.insert(own.end(), {{".block_sparse_moe.", ".mlp."},
                         {".switch_mlp.", ".experts."},
                         {".w1.", ".gate_proj."},
                         {".w3.", ".up_proj."},
                         {".w2.", ".down_proj."}});
  return own;
}

void drop_extra_layers(nn::Weights& weights, int layers) {
  weights.drop([layers](std::string_view path) {
    constexpr std::string_view kLayers = "model.layers.";
    if (!path.starts_with(kLayers)) return false;
    path.remove_prefix(kLayers.size());
    int layer = 0;
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), layer);
    return error == std::errc{} && layer >= layers;
  });
}

}  // namespace hearth::models
