// How GGUF's architectures correspond to Hugging Face's: names of tensors and what was done to
// them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

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
  bool sandwich_norms = false;  ///< norms also stand behind attention and feed-forward
};

/// @returns UnsupportedArgument that lists what there is.
Result<const Family*> find_family(std::string_view architecture);
/// The family of a config.json's model_type; null where GGUF export does not have it.
const Family* family_of_model_type(std::string_view model_type);
/// "gemma, gemma2 ...".
std::string architecture_names();

/// Hugging Face's name of a tensor: "blk.3.attn_q.weight" is "model.layers.3.self_attn.q_proj.
/// weight". Empty for a name that the family does not have.
std::string hf_name(const Family& family, std::string_view stored);
/// The other way round.
std::string gguf_name(const Family& family, std::string_view name);

/// Where factors of the rope's frequencies are stored: config.json has them, not the model.
inline constexpr std::string_view kRopeFactors = "rope_freqs.weight";

}  // namespace hearth::gguf
