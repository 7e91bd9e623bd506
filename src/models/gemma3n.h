// Gemma 3n's language model: four residual streams and an input of its own for every layer.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "models/config.h"
#include "models/model.h"
#include "nn/alt_up.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/mlp.h"
#include "nn/norm.h"
#include "nn/weights.h"

namespace hearth::models {

struct Gemma3nSpec {
  int vocab_size = 0;        ///< V
  int layer_vocab_size = 0;  ///< ids beyond it have the per-layer inputs of id 0
  int hidden_size = 0;       ///< D
  int layer_input_size = 0;  ///< P
  int laurel_rank = 0;
  nn::NormSpec norm;
  nn::AltUpSpec alt_up;
  bool scaled_correction = true;
  nn::Activation activation;
  float logit_softcap = 0.0F;
  bool tied_head = true;
  std::vector<nn::AttentionSpec> attention = {};  ///< per layer
  std::vector<nn::MlpSpec> mlp = {};              ///< per layer
};

/// One layer around the active stream.
class Gemma3nLayer {
 public:
  Gemma3nLayer(const Gemma3nSpec& spec, int layer, const nn::Scope& weights);

  /// Streams [T, N, D] → [T, N, D].
  /// @param input  [T, P]: the layer's own input
  nn::mx::array operator()(const nn::mx::array& streams, const nn::mx::array& input,
                           const nn::StepContext& step, const nn::LayerCache& cache) const;

  nn::CacheShape cache() const { return attention_.cache(); }

 private:
  nn::mx::array compute(const nn::mx::array& x, const nn::StepContext& step,
                        const nn::LayerCache& cache) const;

  nn::AltUp alt_up_;
  std::optional<nn::mx::array> correction_scale_;  // [D]
  nn::Norm attention_in_, attention_out_, feed_in_, feed_out_;
  nn::Attention attention_;
  nn::Linear laurel_left_, laurel_right_;
  nn::Norm laurel_norm_;
  nn::GatedMlp mlp_;
  nn::Activation activation_;
  nn::Linear input_gate_, input_projection_;
  nn::Norm input_norm_;
};

/// ids [T] → embed → streams → layers → mean of the streams → norm → head → logits [R, V].
class Gemma3n final : public Model {
 public:
  Gemma3n(const ModelFacts& facts, const Gemma3nSpec& spec, nn::Weights& weights);

 private:
  /// Everything that is read from the checkpoint: made before the model, which asks for its caches.
  struct Parts {
    nn::Embedding embedding, layer_embedding;
    nn::Linear layer_projection;
    nn::Norm layer_norm;
    std::vector<nn::Linear> in, out;  // of the streams but the first
    std::vector<Gemma3nLayer> layers;
    nn::Norm norm;
    nn::Linear head;
  };

  Gemma3n(const ModelFacts& facts, Gemma3nSpec spec, Parts parts);
  static Parts read(const Gemma3nSpec& spec, nn::Weights& weights);

  nn::mx::array logits(const nn::StepBatch& batch, Cache& cache) const override;
  nn::mx::array layer_inputs(const nn::mx::array& ids, const nn::mx::array& x) const;
  nn::mx::array spread(const nn::mx::array& x) const;
  nn::mx::array gather(const nn::mx::array& streams) const;

  Gemma3nSpec spec_;
  Parts parts_;
};

}  // namespace hearth::models
