"""Phi 1.5 and 2: parallel halves, layer norms, biases everywhere."""

from cases.common import BASE

PHI = BASE | {
    "architectures": ["PhiForCausalLM"],
    "model_type": "phi",
    "num_key_value_heads": 4,
    "hidden_act": "gelu_new",
    "layer_norm_eps": 1e-5,
    "partial_rotary_factor": 0.5,
    "qk_layernorm": False,
}
del PHI["rms_norm_eps"]

CASES = {
    "plain": PHI,
    "qk_norm": PHI | {"qk_layernorm": True, "num_key_value_heads": 2},
}
