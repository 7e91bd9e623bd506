// OLMo 3: OLMo 2 with a window in three of four layers; only the others are stretched.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "rms_norm_eps", 1e-5);
  set_default(config, "rope_theta", 500000.0);
  set_default(config, "sliding_window", 4096);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.norms = kPostNorms;
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm, .over = nn::QkNorm::Over::AllHeads};
  if (!spec.local_rope) spec.local_rope = nn::RopeSpec{.theta = config.rope.theta};
  spec.windows = TRY(sliding_windows(config, [](int layer) { return (layer + 1) % 4 != 0; }));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family olmo3() {
  return {.model_types = {"olmo3"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
