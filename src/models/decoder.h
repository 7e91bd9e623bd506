// The skeleton most language models share: a residual stream through a stack of blocks.
#pragma once

#include <optional>
#include <vector>

#include "models/model.h"
#include "nn/block.h"
#include "nn/layers.h"
#include "nn/norm.h"

namespace hearth::models {

/// What a decoder is made of. decoder_spec.h makes it for families that differ in settings only.
struct DecoderParts {
  nn::Embedding embedding;
  std::optional<nn::Embedding> positions = {};  ///< a learned vector per position, added
  float embedding_scale = 1.0F;
  std::vector<nn::Block> blocks = {};
  nn::Norm norm;
  nn::Linear head;
  float logit_scale = 1.0F;
  float logit_softcap = 0.0F;  ///< logits l become softcap * tanh(l / softcap); 0: as they are
};

/// ids [T] → embed → blocks → norm → head → logits [R, V].
class Decoder final : public Model {
 public:
  Decoder(const ModelFacts& facts, DecoderParts parts);

 private:
  nn::mx::array logits(const nn::StepBatch& batch, Cache& cache) const override;
  nn::mx::array embed(const nn::StepBatch& batch) const;

  DecoderParts parts_;
};

/// The hidden states [T, D] of the rows whose logits are wanted: [R, D].
nn::mx::array wanted_rows(const nn::mx::array& hidden, const nn::StepBatch& batch);

}  // namespace hearth::models
