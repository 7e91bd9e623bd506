"""Granite 3 MoE: factors everywhere, experts with gate and up in one tensor."""

from cases.common import BASE

GRANITEMOE = BASE | {
    "architectures": ["GraniteMoeForCausalLM"],
    "model_type": "granitemoe",
    "intermediate_size": 32,
    "num_local_experts": 6,
    "num_experts_per_tok": 3,
    "attention_bias": False,
    "embedding_multiplier": 12.0,
    "attention_multiplier": 0.015625,
    "residual_multiplier": 0.22,
    "logits_scaling": 6.0,
    "tie_word_embeddings": False,
}

CASES = {
    "plain": GRANITEMOE,
    "defaults": {
        k: v
        for k, v in GRANITEMOE.items()
        if not k.endswith("_multiplier") and k != "logits_scaling"
    }
    | {"tie_word_embeddings": True},
}
