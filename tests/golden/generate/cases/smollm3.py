"""SmolLM3: every fourth layer without positions."""

from cases.common import BASE

SMOLLM3 = BASE | {
    "architectures": ["SmolLM3ForCausalLM"],
    "model_type": "smollm3",
    "num_hidden_layers": 4,
    "rope_theta": 50000.0,
    "tie_word_embeddings": True,
    "pad_token_id": 0,
    "use_sliding_window": False,
    "sliding_window": None,
    "no_rope_layer_interval": 4,
}

CASES = {
    "plain": SMOLLM3 | {"no_rope_layers": [1, 1, 0, 1]},
    "interval": SMOLLM3 | {"tie_word_embeddings": False},
    "window": SMOLLM3 | {"use_sliding_window": True, "sliding_window": 6},
}
