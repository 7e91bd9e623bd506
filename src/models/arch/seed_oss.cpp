// Seed-OSS: Llama with biases on query, key and value, and on the output by choice.
#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "num_key_value_heads", 8);
  set_default(config, "head_dim", 128);
  set_default(config, "max_position_embeddings", 524288);
  set_default(config, "attention_bias", true);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  spec.attention.output_bias = fields.boolean("attention_out_bias", false);
  TRY(fields.finish());
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family seed_oss() {
  return {.model_types = {"seed_oss"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
