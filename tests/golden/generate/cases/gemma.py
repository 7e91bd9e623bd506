"""Gemma: norms of 1 + w, scaled embeddings, GeGLU."""

from cases.common import GEMMA_BASE

GEMMA = GEMMA_BASE | {
    "architectures": ["GemmaForCausalLM"],
    "model_type": "gemma",
    "hidden_act": "gelu",
    "num_key_value_heads": 1,
}

CASES = {"plain": GEMMA}
