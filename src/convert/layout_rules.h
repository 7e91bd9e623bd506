// How MLX's tools lay out each family's tensors: what they rename, stack, split and leave plain.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace hearth::convert {

/// One family's differences from Hugging Face's layout. Endings and parts are of a tensor's name
/// without its wrapper; paths are names without ".weight".
struct LayoutRules {
  using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

  std::vector<std::string_view> families;      ///< config.json's model_type of the language model
  Pairs renamed = {};                          ///< parts of names; `^` binds to the beginning
  std::vector<std::string_view> dropped = {};  ///< tensors with such a part
  std::vector<std::string_view> plain = {};    ///< paths with such an ending are never packed
  /// Paths with such an ending are packed in 8 bits: routers, and what hardly bears fewer.
  std::vector<std::string_view> careful = {};
  std::vector<std::string_view> exact = {};  ///< names with such a part keep their dtype
  /// `experts.0.w1` and so on become one stack `switch_mlp.gate_proj`; the second of a pair is the
  /// name in the stack.
  Pairs experts = {};
  Pairs halves = {};      ///< endings of [.., 2N, K]: upper half gate_proj, lower half up_proj
  Pairs whole = {};       ///< endings that go with the halves
  bool in_turns = false;  ///< gate and up lie row by row in turns, not in halves
  std::vector<std::string_view> turned = {};  ///< endings of matrices that lie the other way round
  bool latents = false;                       ///< kv_b_proj is split into embed_q and unembed_out
  bool one_in_norms = false;  ///< norms are stored less 1, where convolutions are not turned yet
};

/// Of the family, or those that say nothing.
const LayoutRules& layout_rules(std::string_view family);

/// Why a family cannot be converted; empty where it can.
std::string_view refusal(std::string_view family);

}  // namespace hearth::convert
