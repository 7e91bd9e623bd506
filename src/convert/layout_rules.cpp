// The table of families.
#include "convert/layout_rules.h"

#include <algorithm>

namespace hearth::convert {

namespace {

const LayoutRules::Pairs kProjections{
    {"gate_proj", "gate_proj"}, {"up_proj", "up_proj"}, {"down_proj", "down_proj"}};
const LayoutRules::Pairs kNumbered{{"w1", "gate_proj"}, {"w3", "up_proj"}, {"w2", "down_proj"}};
// As transformers 5 stores experts: stacked, gate above up.
const LayoutRules::Pairs kFused{{".experts.gate_up_proj", ".switch_mlp."}};
const LayoutRules::Pairs kFusedWhole{{".experts.down_proj", ".switch_mlp.down_proj.weight"}};

std::vector<LayoutRules> qwen_rules() {
  return {{.families = {"qwen3_moe"},
           .careful = {"mlp.gate"},
           .experts = kProjections,
           .halves = kFused,
           .whole = kFusedWhole},
          {.families = {"qwen2_moe", "olmoe"},
           .experts = kProjections,
           .halves = kFused,
           .whole = kFusedWhole},
          {.families = {"qwen3_next"},
           .dropped = {"mtp."},
           .careful = {"mlp.gate", "shared_expert_gate"},
           .experts = kProjections,
           .halves = kFused,
           .whole = kFusedWhole,
           .one_in_norms = true},
          {.families = {"qwen3_5_text", "qwen3_5_moe_text", "qwen3_5", "qwen3_5_moe"},
           .dropped = {"mtp."},
           .careful = {"mlp.gate", "shared_expert_gate"},
           .exact = {"A_log"},
           .experts = kProjections,
           .halves = kFused,
           .whole = kFusedWhole,
           .one_in_norms = true}};
}

std::vector<LayoutRules> granite_rules() {
  const LayoutRules::Pairs inward{
      {".block_sparse_moe.input_linear.weight", ".block_sparse_moe.switch_mlp."},
      {".shared_mlp.input_linear.weight", ".mlp."}};
  const LayoutRules::Pairs outward{
      {".block_sparse_moe.output_linear.weight", ".block_sparse_moe.switch_mlp.down_proj.weight"},
      {".shared_mlp.output_linear.weight", ".mlp.down_proj.weight"}};
  return {{.families = {"granite"}, .careful = {"self_attn.o_proj", "mlp.down_proj", "^lm_head"}},
          {.families = {"granitemoe"},
           .careful = {"block_sparse_moe.router.layer", "self_attn.o_proj", "mlp.down_proj",
                       "^lm_head"},
           .halves = {inward.front()},
           .whole = {outward.front()}},
          {.families = {"granitemoehybrid"},
           .careful = {"router.layer"},
           .halves = inward,
           .whole = outward}};
}

std::vector<LayoutRules> deepseek_rules() {
  return {{.families = {"deepseek_v3"},
           .plain = {"mlp.gate"},
           .exact = {"e_score_correction_bias"},
           .experts = kProjections,
           .latents = true},
          {.families = {"deepseek_v2"}, .plain = {"mlp.gate"}, .experts = kProjections},
          {.families = {"glm4_moe"},
           .plain = {"mlp.gate"},
           .exact = {"e_score_correction_bias"},
           .experts = kProjections,
           .halves = kFused,
           .whole = kFusedWhole}};
}

std::vector<LayoutRules> other_rules() {
  return {
      {.families = {"mixtral", "phimoe"}, .experts = kNumbered},
      {.families = {"minimax_m2"},
       .careful = {"block_sparse_moe.gate"},
       .exact = {"e_score_correction_bias"},
       .experts = kNumbered},
      {.families = {"lfm2_moe"},
       .renamed = {{".w1.weight", ".gate_proj.weight"},
                   {".w3.weight", ".up_proj.weight"},
                   {".w2.weight", ".down_proj.weight"}},
       .careful = {"feed_forward.gate"},
       .exact = {"expert_bias"},
       .experts = kProjections},
      {.families = {"ernie4_5_moe"},
       .dropped = {"mtp_block.", "mtp_linear_proj.", "mtp_hidden_norm.", "mtp_emb_norm."},
       .experts = kProjections},
      {.families = {"gpt_oss"},
       .careful = {"router"},
       .halves = {{".experts.gate_up_proj", ".experts."}},
       .whole = {{".experts.down_proj_bias", ".experts.down_proj.bias"},
                 {".experts.down_proj", ".experts.down_proj.weight"}},
       .in_turns = true,
       .turned = {".experts.gate_up_proj", ".experts.down_proj"}},
      {.families = {"gpt2"},
       .renamed = {{"^transformer.", ""}, {"^", "model."}},
       .dropped = {".attn.bias", ".attn.masked_bias"},
       .turned = {".c_attn.weight", ".c_proj.weight", ".c_fc.weight"}},
      {.families = {"gpt_neox"},
       .renamed = {{"^gpt_neox.layers.", "h."}, {"^gpt_neox.", ""}, {"^", "model."}},
       .dropped = {".attention.bias", ".attention.masked_bias"}},
  };
}

const std::vector<LayoutRules>& all_rules() {
  static const std::vector<LayoutRules> kRules = [] {
    std::vector<LayoutRules> rules = qwen_rules();
    for (const auto& more : {granite_rules(), deepseek_rules(), other_rules()})
      rules.insert(rules.end(), more.begin(), more.end());
    return rules;
  }();
  return kRules;
}

}  // namespace

const LayoutRules& layout_rules(std::string_view family) {
  static const LayoutRules kNone{};
  for (const LayoutRules& rules : all_rules())
    if (std::ranges::count(rules.families, family) > 0) return rules;
  return kNone;
}

std::string_view refusal(std::string_view family) {
  if (family == "falcon_h1")
    return "MLX's layout of it has the config's factors multiplied into the weights, which is not "
           "supported; it runs as Hugging Face publishes it";
  return {};
}

}  // namespace hearth::convert
