"""Llama, in every form of rope, weights and biases."""

from cases.common import AFFINE, BASE, LLAMA3_ROPE, YARN

LLAMA = BASE | {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}

CASES = {
    "plain": LLAMA,
    "tied": LLAMA | {"tie_word_embeddings": True},
    "llama3_rope": LLAMA | {"rope_theta": 500000.0, "rope_scaling": LLAMA3_ROPE},
    "biases": LLAMA | {"attention_bias": True, "mlp_bias": True},
    "linear_rope": LLAMA | {"rope_scaling": {"type": "linear", "factor": 2.0}},
    "wide_heads": LLAMA | {"head_dim": 24},
    "yarn": LLAMA | {"max_position_embeddings": 128, "rope_scaling": YARN},
    "defaults": {
        k: v
        for k, v in LLAMA.items()
        if k not in ("rope_theta", "num_key_value_heads", "hidden_act")
    },
    "bfloat16": LLAMA | {"torch_dtype": "bfloat16"},
    "affine4": LLAMA | {"quantization": AFFINE | {"group_size": 64, "bits": 4}},
    "affine8_odd_width": LLAMA
    | {
        "intermediate_size": 172,  # no multiple of any group: down_proj stays plain
        "quantization": {"group_size": 32, "bits": 8},
    },
    # Codes of 3, 5 and 6 bits straddle words.
    "affine2": LLAMA | {"quantization": AFFINE | {"group_size": 32, "bits": 2}},
    "affine3": LLAMA | {"quantization": AFFINE | {"group_size": 64, "bits": 3}},
    "affine5": LLAMA | {"quantization": AFFINE | {"group_size": 32, "bits": 5}},
    "affine6": LLAMA | {"quantization": AFFINE | {"group_size": 64, "bits": 6}},
    "fp8": LLAMA
    | {
        "torch_dtype": "bfloat16",
        "quantization_config": {
            "quant_method": "fp8",
            "fmt": "e4m3",
            "activation_scheme": "dynamic",
            "weight_block_size": [32, 48],  # neither divides every matrix
        },
    },
}
