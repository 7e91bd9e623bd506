"""OLMoE: queries and keys normed over all heads."""

from cases.common import BASE

OLMOE = BASE | {
    "architectures": ["OlmoeForCausalLM"],
    "model_type": "olmoe",
    "intermediate_size": 32,
    "num_experts": 8,
    "num_experts_per_tok": 3,
    "norm_topk_prob": False,
    "attention_bias": False,
    "clip_qkv": None,
}

CASES = {
    "plain": OLMOE,
    "renormalised": OLMOE | {"norm_topk_prob": True, "tie_word_embeddings": True},
}
