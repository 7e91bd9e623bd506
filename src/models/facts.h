// What can be told about a model without running it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hearth::models {

/// How most weights are packed; single layers may differ.
struct Quantisation {
  std::string mode = "affine";
  int bits = 4;
  int group_size = 64;
};

struct ModelFacts {
  std::string model_type;       ///< as config.json has it: mistral stays mistral
  std::int64_t parameters = 0;  ///< weights counted unpacked, a tied head once
  int vocab_size = 0;           ///< V: token ids lie in [0, V)
  int context_length = 0;       ///< tokens of prompt and answer together
  /// Sequences of more tokens are computed otherwise from their first token on (longrope), so
  /// shorter ones' keys are of no use to them; 0: length changes nothing.
  int stretched_beyond = 0;
  int layers = 0;
  int hidden_size = 0;     ///< D
  int heads = 0;           ///< H
  int kv_heads = 0;        ///< K
  int head_dim = 0;        ///< Dh
  bool tied_head = false;  ///< the embedding is also the output head
  std::string dtype;       ///< of the unpacked tensors on disk: float32, float16, bfloat16
  std::optional<Quantisation> quantisation = {};
  std::size_t weight_bytes = 0;  ///< as held in memory
  /// Tokens that end an answer: generation_config.json's, else config.json's; empty where neither
  /// names one, and then the tokenizer's own counts.
  std::vector<std::int32_t> eos_ids = {};
};

}  // namespace hearth::models
