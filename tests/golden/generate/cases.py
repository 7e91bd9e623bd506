"""The golden cases: one tiny checkpoint each, in the config dialect of the Hugging Face Hub (v4).

A case may name how its weights are stored: `dtype` for plain tensors, `quantization` exactly as an
mlx-community config has it (per-layer entries, `false` for a plain layer, a null group size).
"""

BASE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 256,
    "max_position_embeddings": 256,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "torch_dtype": "float32",
}

LLAMA = BASE | {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
MISTRAL = BASE | {"architectures": ["MistralForCausalLM"], "model_type": "mistral"}
QWEN2 = BASE | {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "use_sliding_window": False,
    "sliding_window": 32768,
    "max_window_layers": 2,
}
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

# Blends and ramps must bite within a prompt of 16 tokens and a head of 16: short original contexts.
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}

AFFINE = {"mode": "affine"}

CASES = {
    "llama/plain": LLAMA,
    "llama/tied": LLAMA | {"tie_word_embeddings": True},
    "llama/llama3_rope": LLAMA | {"rope_theta": 500000.0, "rope_scaling": LLAMA3_ROPE},
    "llama/biases": LLAMA | {"attention_bias": True, "mlp_bias": True},
    "llama/linear_rope": LLAMA | {"rope_scaling": {"type": "linear", "factor": 2.0}},
    "llama/wide_heads": LLAMA | {"head_dim": 24},
    "llama/yarn": LLAMA | {"max_position_embeddings": 128, "rope_scaling": YARN},
    "llama/defaults": {k: v for k, v in LLAMA.items()
                       if k not in ("rope_theta", "num_key_value_heads", "hidden_act")},
    "llama/bfloat16": LLAMA | {"torch_dtype": "bfloat16"},
    "mistral/window": MISTRAL | {"sliding_window": 6},
    "mistral/wide_heads": MISTRAL | {"sliding_window": None, "head_dim": 32},
    "qwen2/plain": QWEN2,
    "qwen2/tied": QWEN2 | {"tie_word_embeddings": True},
    "qwen2/window": QWEN2 | {"use_sliding_window": True, "sliding_window": 6, "max_window_layers": 1},
    "qwen2/yarn": QWEN2 | {"max_position_embeddings": 128, "rope_scaling": YARN},
    "qwen2/float16": QWEN2 | {"torch_dtype": "float16"},
    "qwen3/plain": QWEN3,
    "qwen3/tied": QWEN3 | {"tie_word_embeddings": True},
    "qwen3/biases": QWEN3 | {"attention_bias": True},
    "qwen3/yarn": QWEN3 | {
        "max_position_embeddings": 128,
        "rope_scaling": YARN | {"attention_factor": 1.25, "beta_fast": 16.0},
    },
}

QUANTISED = {
    "llama/affine4": LLAMA | {"quantization": AFFINE | {"group_size": 64, "bits": 4}},
    "llama/affine8_odd_width": LLAMA | {
        "intermediate_size": 172,  # no multiple of any group: down_proj stays plain
        "quantization": {"group_size": 32, "bits": 8},
    },
    "qwen2/affine4_tied": QWEN2 | {
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "quantization": AFFINE | {"group_size": 32, "bits": 4},
    },
    "qwen3/affine8": QWEN3 | {
        "hidden_size": 128,
        "torch_dtype": "float16",
        "quantization": AFFINE | {"group_size": 128, "bits": 8},
    },
    "qwen3/affine_mixed": QWEN3 | {
        "quantization": {
            "group_size": None,
            "bits": 4,
            "model.embed_tokens": {"group_size": 32, "bits": 8},
            "model.layers.0.self_attn.v_proj": {"group_size": None, "bits": 8, "mode": "affine"},
            "model.layers.1.mlp.down_proj": {"group_size": 128, "bits": 4, "mode": "affine"},
            "model.layers.2.self_attn.o_proj": False,
            "lm_head": False,
        },
    },
}
