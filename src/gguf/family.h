// How GGUF's architectures correspond to Hugging Face's: names of tensors and what was done to
// them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gguf/value.h"

namespace hearth::gguf {

/// One architecture that Hearth reads and writes.
struct Family {
  std::string_view architecture;  ///< general.architecture, in front of its keys: "gemma3"
  std::string_view model_type;    ///< config.json's: "gemma3_text"
  std::string_view class_name;    ///< config.json's: "Gemma3ForCausalLM"
  /// Rows of the queries' and keys' matrices lie in pairs: of each head first row, middle row,
  /// second row and so on, where Hugging Face has the first half, then the second.
  bool paired_rows = false;
  bool one_in_norms = false;    ///< norms are stored as 1 + w
  bool always_tied = false;     ///< the embeddings are the head: there is no other
  bool sandwich_norms = false;  ///< norms also stand behind attention and feed-forward
  /// MLX's name of the part of a layer that holds experts, all of them in one tensor; empty: every
  /// layer has one feed-forward part.
  std::string_view experts = {};
};

/// @param experts  whether the file tells of experts: a Mixtral's architecture is "llama" too
/// @returns UnsupportedArgument that lists what there is.
Result<const Family*> find_family(std::string_view architecture, bool experts);
/// The family of a file. @returns also CorruptData where keys are missing or of other types.
Result<const Family*> find_family(const Metadata& metadata);
/// The family of a config.json's model_type; null where GGUF export does not have it.
const Family* family_of_model_type(std::string_view model_type);
/// "gemma, gemma2 ...", by config.json's spelling.
std::string model_type_names();

/// MLX's name of a tensor, which is Hugging Face's but for experts: "blk.3.attn_q.weight" is
/// "model.layers.3.self_attn.q_proj.weight". Empty for a name that the family does not have.
std::string mlx_name(const Family& family, std::string_view stored);
/// The other way round.
std::string gguf_name(const Family& family, std::string_view name);

/// What divides the scores of queries and keys, squared: GGUF does not tell, so that llama.cpp goes
/// by the number of layers. Gemma's config has it as query_pre_attn_scalar.
std::int64_t score_divisor(const Family& family, std::int64_t layers, std::int64_t head_width,
                           std::int64_t model_width_by_heads);

/// Where factors of the rope's frequencies are stored: config.json has them, not the model.
inline constexpr std::string_view kRopeFactors = "rope_freqs.weight";

}  // namespace hearth::gguf
