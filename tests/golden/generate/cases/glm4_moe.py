"""GLM-4.5: a dense layer first, then experts in groups and a shared one."""

from cases.common import BASE

GLM4_MOE = BASE | {
    "architectures": ["Glm4MoeForCausalLM"],
    "model_type": "glm4_moe",
    "head_dim": 32,
    "attention_bias": True,
    "partial_rotary_factor": 0.5,
    "use_qk_norm": False,
    "first_k_dense_replace": 1,
    "moe_intermediate_size": 32,
    "n_routed_experts": 8,
    "n_shared_experts": 1,
    "num_experts_per_tok": 3,
    "n_group": 1,
    "topk_group": 1,
    "norm_topk_prob": True,
    "routed_scaling_factor": 1.0,
    "num_nextn_predict_layers": 1,
}

CASES = {
    "plain": GLM4_MOE,
    "groups": GLM4_MOE
    | {
        "n_group": 4,
        "topk_group": 2,
        "n_shared_experts": 2,
        "routed_scaling_factor": 2.5,
        "use_qk_norm": True,
        "attention_bias": False,
        "first_k_dense_replace": 2,
    },
    "unnormalised": GLM4_MOE | {"norm_topk_prob": False, "tie_word_embeddings": True},
}
