"""LFM2: short gated convolutions between attention layers."""

from cases.common import BASE

LFM2 = {k: v for k, v in BASE.items() if k not in ("rms_norm_eps", "hidden_act")} | {
    "architectures": ["Lfm2ForCausalLM"],
    "model_type": "lfm2",
    "num_hidden_layers": 4,
    "norm_eps": 1e-5,
    "rope_theta": 1000000.0,
    "conv_L_cache": 3,
    "conv_bias": False,
    "block_ff_dim": 128,
    "block_auto_adjust_ff_dim": False,
    "layer_types": ["conv", "full_attention", "conv", "full_attention"],
}

CASES = {
    "plain": LFM2,
    # As the first checkpoints have it: attention by index, F cut to two thirds and rounded up.
    "adjusted": {k: v for k, v in LFM2.items() if k != "layer_types"}
    | {
        "full_attn_idxs": [1],
        "block_ff_dim": 200,
        "block_auto_adjust_ff_dim": True,
        "block_ffn_dim_multiplier": 1.0,
        "block_multiple_of": 32,
        "tie_embedding": True,
    },
    "biases": LFM2 | {"conv_bias": True, "conv_L_cache": 4},
    "affine4": LFM2 | {"quantization": {"group_size": 64, "bits": 4}},
}
