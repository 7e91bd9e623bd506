// Decoders told by their settings: what most families differ in.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "models/config.h"
#include "models/model.h"
#include "nn/attention.h"
#include "nn/mlp.h"
#include "nn/norm.h"
#include "nn/rope.h"
#include "nn/weights.h"

namespace hearth::models {

/// The tensors of a block's norms; an empty name is a norm that is not there (nn::Block).
struct BlockNorms {
  std::string_view mixer_in = "input_layernorm";
  std::string_view mixer_out = "";
  std::string_view feed_in = "post_attention_layernorm";
  std::string_view feed_out = "";
};

/// Norms behind the halves alone, as OLMo 2 has them.
inline constexpr BlockNorms kPostNorms{.mixer_in = "",
                                       .mixer_out = "post_attention_layernorm",
                                       .feed_in = "",
                                       .feed_out = "post_feedforward_layernorm"};
/// Norms on both sides of both halves, as Gemma 2 has them.
inline constexpr BlockNorms kSandwichNorms{.mixer_in = "input_layernorm",
                                           .mixer_out = "post_attention_layernorm",
                                           .feed_in = "pre_feedforward_layernorm",
                                           .feed_out = "post_feedforward_layernorm"};

/// All that distinguishes one decoder from another. decoder_spec() fills in what the config says
/// in the common words; a family changes what is its own.
struct DecoderSpec {
  int vocab_size = 0;   ///< V
  int hidden_size = 0;  ///< D
  int layers = 0;
  nn::NormSpec norm;
  BlockNorms norms;
  bool parallel = false;        ///< nn::Block::parallel
  float residual_scale = 1.0F;  ///< nn::Block::residual_scale
  nn::AttentionSpec attention;  ///< without rope and window, which follow from the fields below
  nn::MlpSpec mlp;
  std::optional<nn::RopeSpec> rope;             ///< none: no positions in attention
  std::optional<nn::RopeSpec> local_rope = {};  ///< of layers with a window, where it differs
  std::vector<int> windows = {};  ///< per layer: tokens that a query sees, 0 for all; empty: all 0
  int learned_positions = 0;      ///< rows of model.embed_positions; 0: none
  float embedding_scale = 1.0F;
  bool tied_head = false;
  bool head_bias = false;
  float logit_scale = 1.0F;
  float logit_softcap = 0.0F;

  /// What else differs between layers: called with the layer's index and its complete attention.
  std::function<void(int, nn::AttentionSpec&)> vary = {};
  /// Builds a layer's halves from its tensors (model.layers.N), where they are not always attention
  /// (as given) and an MLP. nullptr: the layer has no such half.
  std::function<std::unique_ptr<nn::Mixer>(int, const nn::AttentionSpec&, const nn::Scope&)> mixer =
      {};
  std::function<std::unique_ptr<nn::FeedForward>(int, const nn::Scope&)> feed_forward = {};
};

/// What the config says in the words all families share: sizes, rms norm, biases of attention and
/// MLP (attention_bias, mlp_bias), activation (hidden_act), rope, tied head; no windows.
Result<DecoderSpec> decoder_spec(const Config& config, const ModelFacts& facts);

/// Builds it from tensors under their canonical names.
std::unique_ptr<Model> make_decoder(const DecoderSpec& spec, nn::Weights& weights,
                                    const ModelFacts& facts);

}  // namespace hearth::models
