"""Qwen3: normed queries and keys."""

from cases.common import AFFINE, BASE, YARN

QWEN3 = BASE | {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "head_dim": 32,
    "attention_bias": False,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "use_sliding_window": False,
    "sliding_window": None,
    "max_window_layers": 3,
}

CASES = {
    "plain": QWEN3,
    "tied": QWEN3 | {"tie_word_embeddings": True},
    "biases": QWEN3 | {"attention_bias": True},
    "yarn": QWEN3
    | {
        "max_position_embeddings": 128,
        "rope_scaling": YARN | {"attention_factor": 1.25, "beta_fast": 16.0},
    },
    "affine8": QWEN3
    | {
        "hidden_size": 128,
        "torch_dtype": "float16",
        "quantization": AFFINE | {"group_size": 128, "bits": 8},
    },
    "affine_mixed": QWEN3
    | {
        "quantization": {
            "group_size": None,
            "bits": 4,
            "model.embed_tokens": {"group_size": 32, "bits": 8},
            "model.layers.0.self_attn.v_proj": {
                "group_size": None,
                "bits": 8,
                "mode": "affine",
            },
            "model.layers.1.mlp.down_proj": {
                "group_size": 128,
                "bits": 4,
                "mode": "affine",
            },
            "model.layers.2.self_attn.o_proj": False,
            "lm_head": False,
        },
    },
    "mxfp4": QWEN3
    | {
        "quantization": {
            "group_size": 32,
            "bits": 4,
            "mode": "mxfp4",
            # A layer's own entry without a mode is affine.
            "model.layers.1.self_attn.o_proj": {"group_size": 64, "bits": 8},
        }
    },
    "nvfp4": QWEN3
    | {
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "quantization": {"group_size": 16, "bits": 4, "mode": "nvfp4"},
    },
    "mxfp8": QWEN3 | {"quantization": {"group_size": 32, "bits": 8, "mode": "mxfp8"}},
}
