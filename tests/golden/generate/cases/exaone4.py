"""EXAONE 4: norms behind the halves, positions only in the layers with a window."""

from cases.common import BASE, LLAMA3_ROPE

EXAONE4 = BASE | {
    "architectures": ["Exaone4ForCausalLM"],
    "model_type": "exaone4",
    "num_hidden_layers": 4,
    "head_dim": 16,
    "rope_theta": 1000000.0,
    "rope_scaling": LLAMA3_ROPE,
    "sliding_window": 6,
    "sliding_window_pattern": "LLLG",
    "layer_types": [
        "sliding_attention",
        "sliding_attention",
        "sliding_attention",
        "full_attention",
    ],
}

CASES = {
    "hybrid": EXAONE4,
    "global": EXAONE4
    | {
        "sliding_window": None,
        "sliding_window_pattern": None,
        "layer_types": ["full_attention"] * 4,
    },
}
