"""OLMo 2: norms behind the halves, and over all heads of queries and keys."""

from cases.common import BASE

OLMO2 = BASE | {
    "architectures": ["Olmo2ForCausalLM"],
    "model_type": "olmo2",
    "rope_theta": 500000.0,
    "attention_bias": False,
    "pad_token_id": 0,
}

CASES = {"plain": OLMO2}
