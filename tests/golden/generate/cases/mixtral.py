"""Mixtral: two of a few experts for every token."""

from cases.common import BASE

MIXTRAL = BASE | {
    "architectures": ["MixtralForCausalLM"],
    "model_type": "mixtral",
    "num_local_experts": 6,
    "num_experts_per_tok": 2,
    "rope_theta": 1000000.0,
    "sliding_window": None,
    "output_router_logits": False,
}

CASES = {
    "plain": MIXTRAL,
    "window": MIXTRAL | {"sliding_window": 6, "num_experts_per_tok": 3, "head_dim": 24},
    "mxfp4": MIXTRAL | {"quantization": {"group_size": 32, "bits": 4, "mode": "mxfp4"}},
}
