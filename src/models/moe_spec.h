// Mixtures of experts out of a config: what their families have in common.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "models/config.h"
#include "models/decoder_spec.h"
#include "models/family.h"
#include "nn/moe.h"

namespace hearth::models {

/// How a config spells the sizes of its experts.
struct MoeKeys {
  std::string_view experts = "num_experts";
  std::string_view active = "num_experts_per_tok";
  std::string_view inner = "moe_intermediate_size";
};

/// E, experts per token and their width; everything else as MoeSpec has it.
/// @returns CorruptData where more experts are active than there are.
Result<nn::MoeSpec> moe_spec(const Config& config, const MoeKeys& keys = {});

/// DeepSeek's rule, which others took over: sigmoid scores with a correction, groups (n_group,
/// topk_group), norm_topk_prob, routed_scaling_factor.
Result<void> read_grouped_router(const Config& config, nn::RouterSpec& router);

/// The rule of Qwen: every decoder_sparse_step-th layer has experts, but those in mlp_only_layers.
Result<std::function<bool(int)>> sparse_steps(const Config& config);

/// Layers for which `sparse` holds have experts under "mlp" in place of the MLP.
void place_experts(DecoderSpec& spec, const nn::MoeSpec& moe, std::function<bool(int)> sparse);

/// The same for every layer.
void place_experts(DecoderSpec& spec, const nn::MoeSpec& moe);

/// Tensor names of the experts: Mixtral's and mlx-lm's spellings, to ours. Families put their own
/// rows behind or in front.
std::vector<Rename> expert_names(std::vector<Rename> own = {});

/// Tensors of layers beyond the last one: heads that predict further tokens ahead.
void drop_extra_layers(nn::Weights& weights, int layers);

}  // namespace hearth::models
