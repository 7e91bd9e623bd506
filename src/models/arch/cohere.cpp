// Command R: both halves of a layer read one layer norm without a bias; neighbouring pairs turn.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 8192);
  set_default(config, "layer_norm_eps", 1e-5);
  set_default(config, "logit_scale", 0.0625);
  set_default(config, "tie_word_embeddings", true);
  set_default(config, "rope_theta", 500000.0);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  spec.logit_scale = static_cast<float>(fields.number("logit_scale"));
  const bool qk_norm = fields.boolean("use_qk_norm", false);
  TRY(fields.finish());
  spec.norm.kind = nn::NormSpec::Kind::Layer;
  spec.norms.feed_in = "";
  spec.parallel = true;
  spec.rope->interleaved = true;
  if (qk_norm)
    spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm, .over = nn::QkNorm::Over::OwnHead};
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family cohere() {
  return {.model_types = {"cohere"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
