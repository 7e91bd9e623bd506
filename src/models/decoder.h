// The skeleton most language models share: a stack of pre-normed attention and feed-forward layers.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "models/config.h"
#include "models/model.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/mlp.h"
#include "nn/rope.h"
#include "nn/weights.h"

namespace hearth::models {

/// All that distinguishes one decoder of the skeleton from another.
struct DecoderSpec {
  int vocab_size = 0;         ///< V
  int hidden_size = 0;        ///< D
  int intermediate_size = 0;  ///< F
  float norm_epsilon = 1e-6F;
  nn::AttentionSpec attention;
  bool mlp_bias = false;
  bool tied_head = false;
  nn::RopeSpec rope;
  std::vector<int> windows;  ///< one per layer: tokens that a query sees, 0 for all
};

/// What the config says of every family of the skeleton; a family changes what is its own.
DecoderSpec decoder_spec(const Config& config);

/// Brings a checkpoint's tensor names into one form and drops what no layer needs: the wrapper
/// prefix of a nested language model, stored rotary tables, the copy of a tied head.
/// @returns whether the head is tied: the config says so, or the checkpoint has none.
bool normalise_names(nn::Weights& weights, const Config& config);

/// ids [T] → embed → layers → norm → head → logits [R, V].
class Decoder final : public Model {
 public:
  Decoder(const ModelFacts& facts, const DecoderSpec& spec, nn::Weights& weights);

 private:
  struct Layer {
    nn::RmsNorm attention_norm;
    nn::Attention attention;
    nn::RmsNorm mlp_norm;
    nn::GatedMlp mlp;

    Layer(const DecoderSpec& spec, const nn::Scope& weights);
  };

  nn::mx::array logits(const nn::StepBatch& batch, Cache& cache) const override;

  nn::Embedding embedding_;
  nn::Rope rope_;
  std::vector<Layer> layers_;
  nn::RmsNorm norm_;
  nn::Linear head_;
};

}  // namespace hearth::models
