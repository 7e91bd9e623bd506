// The table of architectures and of their tensors' names.
#include "gguf/family.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gguf/keys.h"

namespace hearth::gguf {

namespace {

constexpr auto kFamilies = std::to_array<Family>({
    {.architecture = "llama",
     .model_type = "llama",
     .class_name = "LlamaForCausalLM",
     .paired_rows = true},
    {.architecture = "llama",
     .model_type = "mixtral",
     .class_name = "MixtralForCausalLM",
     .paired_rows = true,
     .experts = "block_sparse_moe"},
    {.architecture = "qwen2", .model_type = "qwen2", .class_name = "Qwen2ForCausalLM"},
    {.architecture = "qwen3", .model_type = "qwen3", .class_name = "Qwen3ForCausalLM"},
    {.architecture = "qwen3moe",
     .model_type = "qwen3_moe",
     .class_name = "Qwen3MoeForCausalLM",
     .experts = "mlp"},
    {.architecture = "gemma",
     .model_type = "gemma",
     .class_name = "GemmaForCausalLM",
     .one_in_norms = true,
     .always_tied = true},
    {.architecture = "gemma2",
     .model_type = "gemma2",
     .class_name = "Gemma2ForCausalLM",
     .one_in_norms = true,
     .always_tied = true,
     .sandwich_norms = true},
    {.architecture = "gemma3",
     .model_type = "gemma3_text",
     .class_name = "Gemma3ForCausalLM",
     .one_in_norms = true,
     .sandwich_norms = true},
});

using NamePair = std::pair<std::string_view, std::string_view>;  // GGUF's, MLX's

constexpr auto kOutside = std::to_array<NamePair>({
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
});

constexpr auto kInLayers = std::to_array<NamePair>({
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"},
});

constexpr auto kOneFeedForward = std::to_array<NamePair>({
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
});

/// Inside of the part that Family::experts names.
constexpr auto kExperts = std::to_array<NamePair>({
    {"ffn_gate_inp", "gate"},
    {"ffn_gate_exps", "switch_mlp.gate_proj"},
    {"ffn_up_exps", "switch_mlp.up_proj"},
    {"ffn_down_exps", "switch_mlp.down_proj"},
});

constexpr auto kUsualNorms = std::to_array<NamePair>({
    {"ffn_norm", "post_attention_layernorm"},
});

constexpr auto kSandwichNorms = std::to_array<NamePair>({
    {"post_attention_norm", "post_attention_layernorm"},
    {"ffn_norm", "pre_feedforward_layernorm"},
    {"post_ffw_norm", "post_feedforward_layernorm"},
});

/// The other of a pair; empty where `part` is in none.
template <class Table>
std::string other(const Table& table, std::string_view part, bool from_gguf) {
  for (const auto& [gguf, mlx] : table)
    if ((from_gguf ? gguf : mlx) == part) return std::string(from_gguf ? mlx : gguf);
  return {};
}

std::string other_of_experts(const Family& family, std::string_view part, bool from_gguf) {
  const std::string place = std::string(family.experts) + ".";
  if (!from_gguf) {
    if (!part.starts_with(place)) return {};
    return other(kExperts, part.substr(place.size()), from_gguf);
  }
  const std::string found = other(kExperts, part, from_gguf);
  return found.empty() ? found : place + found;
}

std::string other_in_layer(const Family& family, std::string_view part, bool from_gguf) {
  if (auto found = other(kInLayers, part, from_gguf); !found.empty()) return found;
  auto found = family.experts.empty() ? other(kOneFeedForward, part, from_gguf)
                                      : other_of_experts(family, part, from_gguf);
  if (!found.empty()) return found;
  return family.sandwich_norms ? other(kSandwichNorms, part, from_gguf)
                               : other(kUsualNorms, part, from_gguf);
}

/// LAYERS + "3." + part + ".weight" in either spelling.
std::string translate(const Family& family, std::string_view name, bool from_gguf) {
  const std::string_view layers = from_gguf ? "blk." : "model.layers.";
  const std::string_view other_layers = from_gguf ? "model.layers." : "blk.";
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos) return {};
  const std::string_view kind = name.substr(dot);
  if (kind != ".weight" && kind != ".bias") return {};
  const std::string_view stem = name.substr(0, dot);
  if (!stem.starts_with(layers)) {
    const auto found = other(kOutside, stem, from_gguf);
    return found.empty() ? found : found + std::string(kind);
  }
  const std::string_view inside = stem.substr(layers.size());
  const std::size_t end = inside.find('.');
  if (end == inside.npos || end == 0 || end > 4) return {};
  const std::string_view layer = inside.substr(0, end);
  if (layer.find_first_not_of("0123456789") != layer.npos) return {};
  const auto found = other_in_layer(family, inside.substr(end + 1), from_gguf);
  if (found.empty()) return {};
  return std::string(other_layers) + std::string(layer) + "." + found + std::string(kind);
}

}  // namespace

std::string model_type_names() {
  std::string names;
  for (const Family& family : kFamilies) {
    if (!names.empty()) names += ", ";
    names += family.model_type;
  }
  return names;
}

Result<const Family*> find_family(std::string_view architecture, bool experts) {
  std::string names;
  for (const Family& family : kFamilies) {
    const bool has_experts = !family.experts.empty();
    if (family.architecture == architecture && has_experts == experts) return &family;
    if (!names.empty()) names += ", ";
    names += family.architecture;
    if (has_experts) names += " with experts";
  }
  return fail(ErrorCode::UnsupportedArgument,
              "metadata \"general.architecture\" is \"{}\"{}, which cannot be converted "
              "(supported: {})",
              architecture, experts ? " with experts" : "", names);
}

Result<const Family*> find_family(const Metadata& metadata) {
  constexpr std::int64_t kMost = 1 << 20;
  const std::string architecture = TRY(Keys(metadata).text("general.architecture"));
  const auto experts = TRY(Keys(metadata, architecture).whole(".expert_count", 0, kMost, 0));
  return find_family(architecture, experts > 0);
}

const Family* family_of_model_type(std::string_view model_type) {
  if (model_type == "mistral") model_type = "llama";  // which it is but for a window
  const auto* found = std::ranges::find(kFamilies, model_type, &Family::model_type);
  return found == kFamilies.end() ? nullptr : found;
}

std::string mlx_name(const Family& family, std::string_view stored) {
  return translate(family, stored, true);
}

std::string gguf_name(const Family& family, std::string_view name) {
  return translate(family, name, false);
}

std::int64_t score_divisor(const Family& family, std::int64_t layers, std::int64_t head_width,
                           std::int64_t model_width_by_heads) {
  constexpr std::int64_t kLargestGemma2 = 46;
  constexpr std::int64_t kLargestGemma3 = 62;
  const bool largest = (family.architecture == "gemma2" && layers == kLargestGemma2) ||
                       (family.architecture == "gemma3" && layers == kLargestGemma3);
  return largest ? model_width_by_heads : head_width;
}

}  // namespace hearth::gguf
