"""Granite: Llama with multipliers."""

from cases.common import BASE

GRANITE = BASE | {
    "architectures": ["GraniteForCausalLM"],
    "model_type": "granite",
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": False,
    "embedding_multiplier": 3.0,
    "attention_multiplier": 0.0625,
    "residual_multiplier": 0.5,
    "logits_scaling": 8.0,
}

CASES = {"plain": GRANITE}
