// The table of architectures and of their tensors' names.
#include "gguf/family.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::gguf {

namespace {

constexpr auto kFamilies = std::to_array<Family>({
    {.architecture = "llama",
     .model_type = "llama",
     .class_name = "LlamaForCausalLM",
     .paired_rows = true},
    {.architecture = "qwen2", .model_type = "qwen2", .class_name = "Qwen2ForCausalLM"},
    {.architecture = "qwen3", .model_type = "qwen3", .class_name = "Qwen3ForCausalLM"},
    {.architecture = "gemma",
     .model_type = "gemma",
     .class_name = "GemmaForCausalLM",
     .one_in_norms = true},
    {.architecture = "gemma2",
     .model_type = "gemma2",
     .class_name = "Gemma2ForCausalLM",
     .one_in_norms = true,
     .sandwich_norms = true},
    {.architecture = "gemma3",
     .model_type = "gemma3_text",
     .class_name = "Gemma3ForCausalLM",
     .one_in_norms = true,
     .sandwich_norms = true},
});

using Pair = std::pair<std::string_view, std::string_view>;  // GGUF's, Hugging Face's

constexpr auto kOutside = std::to_array<Pair>({
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
});

constexpr auto kInLayers = std::to_array<Pair>({
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
});

constexpr auto kUsualNorms = std::to_array<Pair>({
    {"ffn_norm", "post_attention_layernorm"},
});

constexpr auto kSandwichNorms = std::to_array<Pair>({
    {"post_attention_norm", "post_attention_layernorm"},
    {"ffn_norm", "pre_feedforward_layernorm"},
    {"post_ffw_norm", "post_feedforward_layernorm"},
});

/// The other of a pair; empty where `part` is in none.
template <class Table>
std::string_view other(const Table& table, std::string_view part, bool from_gguf) {
  for (const auto& [gguf, hf] : table)
    if ((from_gguf ? gguf : hf) == part) return from_gguf ? hf : gguf;
  return {};
}

std::string_view other_in_layer(const Family& family, std::string_view part, bool from_gguf) {
  if (const auto found = other(kInLayers, part, from_gguf); !found.empty()) return found;
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
    return found.empty() ? std::string() : std::string(found) + std::string(kind);
  }
  const std::string_view inside = stem.substr(layers.size());
  const std::size_t end = inside.find('.');
  if (end == inside.npos || end == 0 || end > 4) return {};
  const std::string_view layer = inside.substr(0, end);
  if (layer.find_first_not_of("0123456789") != layer.npos) return {};
  const auto found = other_in_layer(family, inside.substr(end + 1), from_gguf);
  if (found.empty()) return {};
  return std::string(other_layers) + std::string(layer) + "." + std::string(found) +
         std::string(kind);
}

}  // namespace

std::string architecture_names() {
  std::string names;
  for (const Family& family : kFamilies) {
    if (!names.empty()) names += ", ";
    names += family.architecture;
  }
  return names;
}

Result<const Family*> find_family(std::string_view architecture) {
  const auto* found = std::ranges::find(kFamilies, architecture, &Family::architecture);
  if (found != kFamilies.end()) return found;
  return fail(ErrorCode::UnsupportedArgument,
              "metadata \"general.architecture\" is \"{}\", which cannot be converted (supported: "
              "{})",
              architecture, architecture_names());
}

const Family* family_of_model_type(std::string_view model_type) {
  if (model_type == "mistral") model_type = "llama";  // which it is but for a window
  const auto* found = std::ranges::find(kFamilies, model_type, &Family::model_type);
  return found == kFamilies.end() ? nullptr : found;
}

std::string hf_name(const Family& family, std::string_view stored) {
  return translate(family, stored, true);
}

std::string gguf_name(const Family& family, std::string_view name) {
  return translate(family, name, false);
}

}  // namespace hearth::gguf
