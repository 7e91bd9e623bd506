"""Seed-OSS: Llama with biases on query, key and value."""

from cases.common import BASE

SEED_OSS = BASE | {
    "architectures": ["SeedOssForCausalLM"],
    "model_type": "seed_oss",
    "head_dim": 32,
    "attention_bias": True,
    "attention_out_bias": False,
    "rope_theta": 10000000.0,
    "rope_scaling": {"rope_type": "default"},
}

CASES = {"plain": SEED_OSS}
