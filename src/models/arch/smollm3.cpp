// SmolLM3: Llama in which every fourth layer has no positions.
#include <utility>
#include <vector>

#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models::arch {

namespace {

/// Which layers turn queries and keys: no_rope_layers says 1 for those that do.
Result<std::vector<bool>> turning_layers(const Config& config) {
  Fields fields = config.fields();
  const std::vector<double> told = fields.number_list("no_rope_layers");
  const int interval = fields.integer("no_rope_layer_interval", 4, {1, 4096});
  if (!told.empty() && std::cmp_not_equal(told.size(), config.layers))
    fields.fault(ErrorCode::CorruptData, "no_rope_layers",
                 fmt::format("must be a list of num_hidden_layers = {} numbers", config.layers));
  TRY(fields.finish());
  std::vector<bool> turns;
  turns.reserve(static_cast<std::size_t>(config.layers));
  for (int layer = 0; layer < config.layers; ++layer)
    turns.push_back(told.empty() ? (layer + 1) % interval != 0
                                 : told[static_cast<std::size_t>(layer)] != 0.0);
  return turns;
}

void prepare(json::object& config, std::string_view) {
  set_default(config, "num_key_value_heads", 4);
  set_default(config, "max_position_embeddings", 32768);
  set_default(config, "rope_theta", 2000000.0);
  set_default(config, "tie_word_embeddings", true);
}

Result<std::unique_ptr<Model>> build(const Config& config, nn::Weights& weights,
                                     const ModelFacts& facts) {
  DecoderSpec spec = TRY(decoder_spec(config, facts));
  const std::vector<bool> turns = TRY(turning_layers(config));
  Fields fields = config.fields();
  const bool windowed = fields.boolean("use_sliding_window", false);
  TRY(fields.finish());
  const auto slides = [&](int layer) { return !turns[static_cast<std::size_t>(layer)]; };
  if (windowed) spec.windows = TRY(sliding_windows(config, slides));
  spec.vary = [turns](int layer, nn::AttentionSpec& attention) {
    if (!turns[static_cast<std::size_t>(layer)]) attention.rope = nullptr;
  };
  return make_decoder(spec, weights, facts);
}

}  // namespace

Family smollm3() {
  return {.model_types = {"smollm3"}, .prepare = prepare, .build = build};
}

}  // namespace hearth::models::arch
