"""Qwen3-MoE: normed queries and keys, many small experts."""

from cases.common import BASE, YARN

QWEN3_MOE = BASE | {
    "architectures": ["Qwen3MoeForCausalLM"],
    "model_type": "qwen3_moe",
    "head_dim": 32,
    "attention_bias": False,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "num_experts": 8,
    "num_experts_per_tok": 3,
    "moe_intermediate_size": 32,
    "norm_topk_prob": True,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "use_sliding_window": False,
    "sliding_window": None,
    "max_window_layers": 3,
}
ROUTER8 = {f"model.layers.{layer}.mlp.gate": {"group_size": 64, "bits": 8} for layer in range(3)}

CASES = {
    "plain": QWEN3_MOE,
    "some_dense": QWEN3_MOE
    | {"mlp_only_layers": [1], "norm_topk_prob": False, "tie_word_embeddings": True},
    "yarn": QWEN3_MOE | {"max_position_embeddings": 128, "rope_scaling": YARN},
    # As mlx-lm converts: experts stacked, routers in 8 bits.
    "affine4": QWEN3_MOE
    | {
        "moe_intermediate_size": 64,
        "torch_dtype": "bfloat16",
        "quantization": {"group_size": 64, "bits": 4, "mode": "affine"} | ROUTER8,
    },
    "fp8": QWEN3_MOE
    | {
        "torch_dtype": "bfloat16",
        "quantization_config": {
            "quant_method": "fp8",
            "fmt": "e4m3",
            "activation_scheme": "dynamic",
            "weight_block_size": [32, 32],
        },
    },
}
