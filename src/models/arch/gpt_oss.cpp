// gpt-oss: windows in every other layer, a sink per head that takes weight and gives nothing,
// biases everywhere, and experts with a clamped gate, published in MXFP4.
#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/moe_spec.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 131072);
  set_default(config, "head_dim", 64);
  set_default(config, "sliding_window", 128);
  set_default(config, "attention_bias", true);
  set_default(config, "num_local_experts", 128);
  set_default(config, "num_experts_per_tok", 4);
  set_default(config, "rope_theta", 150000.0);
  if (!config.contains("rope_parameters"))
    set_default(config, "rope_scaling",
                {{"rope_type", "yarn"},
                 {"factor", 32.0},
                 {"original_max_position_embeddings", 4096},
                 {"truncate", false}});
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.attention.sinks = true;
  spec.windows = TRY(sliding_windows(config, [](int layer) { return layer % 2 == 0; }));
  nn::MoeSpec moe =
      TRY(moe_spec(config, {.experts = "num_local_experts", .inner = "intermediate_size"}));
  Fields fields = config.fields();
  const auto limit = static_cast<float>(fields.number("swiglu_limit", 7.0));
  const auto alpha = static_cast<float>(fields.number("swiglu_alpha", 1.702));
  TRY(fields.finish());
  moe.router.score = nn::RouterSpec::Score::SoftmaxOfPicked;
  moe.router.bias = true;
  moe.bias = true;
  moe.gating = nn::clamped_swiglu(limit, alpha);
  moe.interleaved = true;
  moe.transposed = true;
  place_experts(spec, moe);
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family gpt_oss() {
  return {.model_types = {"gpt_oss"},
          .prepare = prepare,
          .names = expert_names({{".mlp.router.", ".mlp.gate."}}),
          .build = build};
}

}  // namespace hearth::models::arch
