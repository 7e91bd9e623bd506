"""DeepSeek-V3: latent attention, sigmoid routing with groups and a bias that only chooses."""

from cases.deepseek_v2 import DEEPSEEK_V2, YARN

DEEPSEEK_V3 = {k: v for k, v in DEEPSEEK_V2.items() if k != "topk_method"} | {
    "architectures": ["DeepseekV3ForCausalLM"],
    "model_type": "deepseek_v3",
    "q_lora_rank": 48,
    "n_shared_experts": 1,
    "n_group": 4,
    "topk_group": 2,
    "norm_topk_prob": True,
    "routed_scaling_factor": 2.5,
    "scoring_func": "sigmoid",
}

CASES = {
    "plain": DEEPSEEK_V3,
    "no_query_latent": DEEPSEEK_V3
    | {"q_lora_rank": None, "n_group": 1, "topk_group": 1, "attention_bias": True},
    "yarn": DEEPSEEK_V3
    | {
        "max_position_embeddings": 128,
        "rope_scaling": YARN | {"mscale": 1.0, "mscale_all_dim": 1.0},
    },
    # Latents are packed as well: what expands them is unpacked to be folded into the queries.
    "affine8": DEEPSEEK_V3 | {"quantization": {"group_size": 32, "bits": 8}},
}
