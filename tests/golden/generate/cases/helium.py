"""Helium: Llama with neighbouring pairs."""

from cases.common import BASE

HELIUM = BASE | {
    "architectures": ["HeliumForCausalLM"],
    "model_type": "helium",
    "head_dim": 16,
    "rope_theta": 100000.0,
    "rms_norm_eps": 1e-8,
    "attention_bias": False,
    "mlp_bias": False,
}

CASES = {"plain": HELIUM}
