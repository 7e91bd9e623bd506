"""Phi-3.5-MoE: layer norms and the sparse mixer."""

from cases.common import BASE

PHIMOE = BASE | {
    "architectures": ["PhimoeForCausalLM"],
    "model_type": "phimoe",
    "attention_bias": True,
    "lm_head_bias": True,
    "num_local_experts": 6,
    "num_experts_per_tok": 2,
    # Wide enough that experts are close to the winner, and not all of them.
    "router_jitter_noise": 0.2,
    "input_jitter_noise": 0.01,
    "sliding_window": 131072,
}
LONGROPE = {
    "type": "longrope",
    "short_factor": [1.0, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6],
    "long_factor": [1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0],
    "short_mscale": 1.243163121016122,
    "long_mscale": 1.243163121016122,
    "original_max_position_embeddings": 64,
}

CASES = {
    "plain": PHIMOE,
    "unbiased": PHIMOE
    | {"attention_bias": False, "lm_head_bias": False, "router_jitter_noise": 0.01},
    "window": PHIMOE | {"sliding_window": 6},
    "longrope": PHIMOE | {"rope_scaling": LONGROPE},
}
