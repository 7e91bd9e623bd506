// Gemma 3, the text part: Gemma 2 without caps, with normed queries and keys; five of six layers
// have a window and a rope of their own.
#include <cmath>

#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "vocab_size", 262208);
  set_default(config, "num_attention_heads", 8);
  set_default(config, "num_key_value_heads", 4);
  set_default(config, "head_dim", 256);
  set_default(config, "max_position_embeddings", 131072);
  set_default(config, "rope_theta", 1000000.0);
  set_default(config, "tie_word_embeddings", true);
  set_default(config, "hidden_activation", "gelu_pytorch_tanh");
  set_default(config, "query_pre_attn_scalar", 256);
  set_default(config, "sliding_window", 4096);
  const json::value activation = config["hidden_activation"];
  config["hidden_act"] = activation.is_null() ? "gelu_pytorch_tanh" : activation;
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  Fields fields = config.fields();
  if (fields.boolean("use_bidirectional_attention", false))
    fields.unsupported("use_bidirectional_attention", "true", "false");
  spec.attention.scale =
      1.0F / std::sqrt(static_cast<float>(fields.number("query_pre_attn_scalar")));
  spec.attention.softcap = static_cast<float>(fields.number("attn_logit_softcapping", 0.0));
  spec.logit_softcap = static_cast<float>(fields.number("final_logit_softcapping", 0.0));
  const int pattern = fields.integer("sliding_window_pattern", 6, {1, 4096});
  if (!spec.local_rope)
    spec.local_rope = nn::RopeSpec{.theta = fields.number("rope_local_base_freq", 10000.0)};
  TRY(fields.finish());
  spec.norm.plus_one = true;
  spec.norms = kSandwichNorms;
  spec.attention.qk_norm = nn::QkNorm{.norm = spec.norm};
  spec.embedding_scale = std::sqrt(static_cast<float>(config.hidden_size));
  spec.windows =
      TRY(sliding_windows(config, [pattern](int layer) { return (layer + 1) % pattern != 0; }));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family gemma3_text() {
  return {.model_types = {"gemma3_text", "gemma3"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
