"""Apertus: a plain MLP with a learned activation."""

from cases.common import BASE, LLAMA3_ROPE

APERTUS = BASE | {
    "architectures": ["ApertusForCausalLM"],
    "model_type": "apertus",
    "hidden_act": "xielu",
    "rope_theta": 12000000.0,
    "rope_scaling": LLAMA3_ROPE,
    "attention_bias": False,
    "mlp_bias": False,
}

CASES = {"plain": APERTUS}
