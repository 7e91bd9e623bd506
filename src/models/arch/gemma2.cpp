// Gemma 2: Gemma with norms before and behind each half, scores and logits that are capped, and a
// window in every other layer.
#include <cmath>

#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "num_key_value_heads", 4);
  set_default(config, "head_dim", 256);
  set_default(config, "max_position_embeddings", 8192);
  set_default(config, "tie_word_embeddings", true);
  set_default(config, "hidden_activation", "gelu_pytorch_tanh");
  set_default(config, "query_pre_attn_scalar", 256);
  set_default(config, "sliding_window", 4096);
  set_default(config, "attn_logit_softcapping", 50.0);
  set_default(config, "final_logit_softcapping", 30.0);
  const json::value activation = config["hidden_activation"];
  config["hidden_act"] = activation.is_null() ? "gelu_pytorch_tanh" : activation;
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  spec.attention.scale =
      1.0F / std::sqrt(static_cast<float>(fields.number("query_pre_attn_scalar")));
  spec.attention.softcap = static_cast<float>(fields.number("attn_logit_softcapping", 0.0));
  spec.logit_softcap = static_cast<float>(fields.number("final_logit_softcapping", 0.0));
  TRY(fields.finish());
  spec.norm.plus_one = true;
  spec.norms = kSandwichNorms;
  spec.embedding_scale = std::sqrt(static_cast<float>(config.hidden_size));
  spec.windows = TRY(sliding_windows(config, [](int layer) { return layer % 2 == 0; }));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family gemma2() {
  return {.model_types = {"gemma2"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
