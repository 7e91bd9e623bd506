"""Qwen2-MoE: experts beside one that every token goes through."""

from cases.common import BASE

QWEN2_MOE = BASE | {
    "architectures": ["Qwen2MoeForCausalLM"],
    "model_type": "qwen2_moe",
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "num_experts": 6,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 64,
    "norm_topk_prob": False,
    "decoder_sparse_step": 1,
    "use_sliding_window": False,
    "sliding_window": 32768,
    "max_window_layers": 3,
}

CASES = {
    "plain": QWEN2_MOE,
    "some_dense": QWEN2_MOE
    | {
        "num_hidden_layers": 5,
        "decoder_sparse_step": 2,
        "mlp_only_layers": [3],
        "norm_topk_prob": True,
        "num_experts_per_tok": 4,
        "tie_word_embeddings": True,
    },
    "affine6": QWEN2_MOE
    | {"torch_dtype": "float16", "quantization": {"group_size": 32, "bits": 6}},
}
