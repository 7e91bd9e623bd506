"""Nemotron: layer norms of 1 + w, squared ReLU."""

from cases.common import BASE

NEMOTRON = BASE | {
    "architectures": ["NemotronForCausalLM"],
    "model_type": "nemotron",
    "hidden_act": "relu2",
    "norm_eps": 1e-5,
    "partial_rotary_factor": 0.5,
    "attention_bias": False,
    "mlp_bias": False,
}
del NEMOTRON["rms_norm_eps"]

CASES = {"plain": NEMOTRON}
