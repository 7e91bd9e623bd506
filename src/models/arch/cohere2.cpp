// Command R7B and A: Command R with a window in three of four layers; the others see all and have
// no positions.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "max_position_embeddings", 8192);
  set_default(config, "layer_norm_eps", 1e-5);
  set_default(config, "logit_scale", 0.0625);
  set_default(config, "tie_word_embeddings", true);
  set_default(config, "sliding_window", 4096);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  spec.logit_scale = static_cast<float>(fields.number("logit_scale"));
  const int pattern = fields.integer("sliding_window_pattern", 4, {1, 4096});
  TRY(fields.finish());
  spec.norm.kind = nn::NormSpec::Kind::Layer;
  spec.norms.feed_in = "";
  spec.parallel = true;
  spec.rope->interleaved = true;
  spec.windows =
      TRY(sliding_windows(config, [pattern](int layer) { return (layer + 1) % pattern != 0; }));
  spec.vary = [](int, nn::AttentionSpec& attention) {
    if (attention.window == 0) attention.rope = nullptr;
  };
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family cohere2() {
  return {.model_types = {"cohere2"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
