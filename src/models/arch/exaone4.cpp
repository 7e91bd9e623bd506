// EXAONE 4: norms behind the halves, normed query and key heads; where some layers have a window,
// the others have no positions.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

/// Every how manieth layer sees all: a number, or as in "LLLG" the length of one round.
Result<int> window_pattern(const Config& config) {
  Fields fields = config.fields();
  const json::value* pattern = fields.find("sliding_window_pattern");
  const bool drawn = pattern && pattern->is_string() && !pattern->get_string().empty();
  const int every = drawn ? static_cast<int>(pattern->get_string().size())
                          : fields.integer("sliding_window_pattern", 4, {1, 4096});
  TRY(fields.finish());
  return every;
}

void prepare(json::object& config, std::string_view) {
  set_default(config, "rms_norm_eps", 1e-5);
  set_default(config, "sliding_window", 4096);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.norms = kPostNorms;
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm};
  if (!config.fields().has("sliding_window")) return make_decoder(spec, weights, facts);
  const int pattern = TRY(window_pattern(config));
  spec.windows =
      TRY(sliding_windows(config, [pattern](int layer) { return (layer + 1) % pattern != 0; }));
  spec.vary = [](int, nn::AttentionSpec& attention) {
    if (attention.window == 0) attention.rope = nullptr;
  };
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family exaone4() {
  return {.model_types = {"exaone4"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
