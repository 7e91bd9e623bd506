// StableLM: Llama with layer norms, a quarter of each head that turns, and by choice both halves of
// a layer side by side.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 4096);
  set_default(config, "layer_norm_eps", 1e-5);
  set_default(config, "partial_rotary_factor", 0.25);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  spec.attention.qkv_bias = fields.boolean("use_qkv_bias", false);
  spec.attention.output_bias = false;
  spec.parallel = fields.boolean("use_parallel_residual", false);
  const bool qk_norm = fields.boolean("qk_layernorm", false);
  TRY(fields.finish());
  spec.norm.kind = nn::NormSpec::Kind::Layer;
  if (qk_norm)
    spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm, .over = nn::QkNorm::Over::OwnHead};
  spec.norm.bias = true;
  if (spec.parallel) spec.norms.feed_in = "";
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family stablelm() {
  return {.model_types = {"stablelm"},
          .prepare = prepare,
          .names = {{"q_layernorm.", "q_norm."}, {"k_layernorm.", "k_norm."}},
          .build = build};
}

}  // namespace hearth::models::arch
