// Gemma: norms whose factor is 1 + w, embeddings scaled by the root of their width, a GeGLU
// feed-forward layer.
#include <cmath>

#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

void prepare(json::object& config, std::string_view) {
  set_default(config, "head_dim", 256);
  set_default(config, "max_position_embeddings", 8192);
  set_default(config, "tie_word_embeddings", true);
  // Its first configs say "gelu" where the model was trained with the tanh form.
  set_default(config, "hidden_act", "gelu_pytorch_tanh");
  if (config["hidden_act"] == "gelu") config["hidden_act"] = "gelu_pytorch_tanh";
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  spec.norm.plus_one = true;
  spec.embedding_scale = std::sqrt(static_cast<float>(config.hidden_size));
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family gemma() {
  return {.model_types = {"gemma"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
