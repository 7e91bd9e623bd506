"""Ministral 3: queries that grow with their position."""

from cases.common import BASE

MINISTRAL3 = BASE | {
    "architectures": ["Ministral3ForCausalLM"],
    "model_type": "ministral3",
    "head_dim": 32,
    "max_position_embeddings": 128,
    "sliding_window": None,
    "rope_parameters": {
        "rope_type": "yarn",
        "rope_theta": 1000000.0,
        "factor": 16.0,
        "original_max_position_embeddings": 8,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "mscale": 1.0,
        "mscale_all_dim": 1.0,
        "llama_4_scaling_beta": 0.1,
    },
}
del MINISTRAL3["rope_theta"]

CASES = {"plain": MINISTRAL3, "window": MINISTRAL3 | {"sliding_window": 6}}
