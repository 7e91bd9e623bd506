"""Phi 3, 3.5 and 4: fused projections, longrope."""

from cases.common import BASE

PHI3 = BASE | {
    "architectures": ["Phi3ForCausalLM"],
    "model_type": "phi3",
    "pad_token_id": 0,
    "original_max_position_embeddings": 256,
    "rope_scaling": None,
    "sliding_window": 6,
}
LONGROPE = {
    "type": "longrope",
    "short_factor": [1.0, 1.1, 1.2, 1.4, 1.7, 2.0, 2.4, 3.0],
    "long_factor": [1.0, 1.5, 2.5, 4.0, 6.0, 9.0, 13.0, 20.0],
}
PARTIAL = {
    "type": "longrope",
    "short_factor": [1.0, 1.1, 1.2, 1.4, 1.7, 2.0],
    "long_factor": [1.0, 1.5, 2.5, 4.0, 6.0, 9.0],
}

CASES = {
    "plain": PHI3,
    # 40 tokens are the longest sequence of the tests: one case stays within the original context.
    "longrope_short": PHI3
    | {
        "sliding_window": None,
        "original_max_position_embeddings": 64,
        "rope_scaling": LONGROPE,
    },
    "longrope_long": PHI3
    | {
        "sliding_window": None,
        "original_max_position_embeddings": 12,
        "partial_rotary_factor": 0.75,
        "tie_word_embeddings": True,
        "rope_scaling": PARTIAL,
    },
}
