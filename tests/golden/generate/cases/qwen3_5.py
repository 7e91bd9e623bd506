"""Qwen3.5: gated delta nets between gated attention layers."""

from cases.common import BASE

QWEN3_5 = BASE | {
    "architectures": ["Qwen3_5ForCausalLM"],
    "model_type": "qwen3_5_text",
    "num_hidden_layers": 4,
    "head_dim": 32,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "partial_rotary_factor": 0.25,
    "attention_bias": False,
    "linear_conv_kernel_dim": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 24,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "full_attention_interval": 4,
}

CASES = {
    "plain": QWEN3_5,
    "tied": QWEN3_5
    | {
        "tie_word_embeddings": True,
        "layer_types": ["linear_attention", "full_attention"] * 2,
        "linear_num_value_heads": 2,
        "attention_bias": True,
    },
    "affine4": QWEN3_5 | {"quantization": {"group_size": 64, "bits": 4}},
}
