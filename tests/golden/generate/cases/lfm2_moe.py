"""LFM2 with experts: sigmoid scores and a bias that only chooses."""

from cases.lfm2 import LFM2

LFM2_MOE = {k: v for k, v in LFM2.items() if not k.startswith("block_")} | {
    "architectures": ["Lfm2MoeForCausalLM"],
    "model_type": "lfm2_moe",
    "intermediate_size": 128,
    "moe_intermediate_size": 64,
    "num_dense_layers": 1,
    "num_experts": 8,
    "num_experts_per_tok": 3,
    "use_expert_bias": True,
    "norm_topk_prob": True,
    "routed_scaling_factor": 1.5,
}

CASES = {
    "plain": LFM2_MOE,
    "no_bias": LFM2_MOE | {"use_expert_bias": False, "norm_topk_prob": False},
}
