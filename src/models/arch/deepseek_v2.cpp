// DeepSeek-V2: latent attention, the first layers dense, then experts by softmax and shared ones.
#include "models/deepseek_layers.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 2048);
  set_default(config, "n_routed_experts", 64);
  set_default(config, "moe_intermediate_size", 1407);
  set_default(config, "q_lora_rank", 1536);
}

/// Groups are as good as their best expert, and count only where the method says so.
Result<void> read_router(const Config& config, nn::RouterSpec& router) {
  Fields fields = config.fields();
  const std::string method = fields.text("topk_method", "greedy");
  if (method == "group_limited_greedy") {
    router.groups = fields.integer("n_group", 1, {1, router.experts});
    router.open_groups = fields.integer("topk_group", 1, {1, router.groups});
    router.group_by_two = false;
    if (router.experts % router.groups != 0)
      fields.fault(ErrorCode::CorruptData, "n_group",
                   fmt::format("{} does not divide {} experts", router.groups, router.experts));
  } else if (method != "greedy") {
    fields.unsupported("topk_method", method, "greedy, group_limited_greedy");
  }
  router.scale = static_cast<float>(fields.number("routed_scaling_factor", 1.0));
  return fields.finish();
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  TRY(place_latent_attention(config, spec));
  nn::MoeSpec moe = TRY(moe_spec(config, {.experts = "n_routed_experts"}));
  TRY(read_router(config, moe.router));
  Fields fields = config.fields();
  moe.shared_inner = moe.inner * fields.integer("n_shared_experts", 2, {0, 1 << 10});
  const int dense = fields.integer("first_k_dense_replace", 0, {0, 1 << 16});
  TRY(fields.finish());
  place_experts(spec, moe, [dense](int layer) { return layer >= dense; });
  drop_extra_layers(weights, config.layers);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family deepseek_v2() {
  return {
      .model_types = {"deepseek_v2"}, .prepare = prepare, .names = expert_names(), .build = build};
}

}  // namespace hearth::models::arch
