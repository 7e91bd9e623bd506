"""ERNIE 4.5: Llama with neighbouring pairs."""

from cases.common import BASE

ERNIE4_5 = BASE | {
    "architectures": ["Ernie4_5ForCausalLM"],
    "model_type": "ernie4_5",
    "head_dim": 32,
    "rope_theta": 500000.0,
    "tie_word_embeddings": True,
    "use_bias": False,
}

CASES = {
    "plain": ERNIE4_5,
    "biases": ERNIE4_5 | {"use_bias": True, "tie_word_embeddings": False},
}
