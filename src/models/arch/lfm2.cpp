// LFM2: short gated convolutions, and attention with normed queries and keys in some layers.
#include <algorithm>

#include "models/decoder_spec.h"
#include "models/family.h"
#include "models/lfm2_layers.h"

namespace hearth::models::arch {

namespace {

/// F as the feed-forward layers have it: some configs give it before it is cut to two thirds.
Result<int> adjusted_width(const Config& config) {
  Fields fields = config.fields();
  const bool adjust = fields.boolean("block_auto_adjust_ff_dim", true);
  const double factor = fields.number("block_ffn_dim_multiplier", 1.0);
  const int multiple = fields.integer("block_multiple_of", 256);
  TRY(fields.finish());
  if (!adjust) return config.intermediate_size;
  const int two_thirds = 2 * config.intermediate_size / 3;
  const int cut = static_cast<int>(factor * two_thirds);
  return (cut + multiple - 1) / multiple * multiple;
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(lfm2_spec(config, facts));
  spec.mlp.inner = TRY(adjusted_width(config));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family lfm2() {
  return {.model_types = {"lfm2"}, .prepare = prepare_lfm2, .names = lfm2_names(), .build = build};
}

}  // namespace hearth::models::arch
