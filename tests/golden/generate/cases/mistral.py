"""Mistral, which is Llama with a window."""

from cases.common import BASE

MISTRAL = BASE | {"architectures": ["MistralForCausalLM"], "model_type": "mistral"}

CASES = {
    "window": MISTRAL | {"sliding_window": 6},
    "wide_heads": MISTRAL | {"sliding_window": None, "head_dim": 32},
}
