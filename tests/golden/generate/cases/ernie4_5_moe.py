"""ERNIE 4.5 MoE: experts picked with a correction, weighed without it."""

from cases.common import BASE

ERNIE = BASE | {
    "architectures": ["Ernie4_5_MoeForCausalLM"],
    "model_type": "ernie4_5_moe",
    "rope_theta": 500000.0,
    "tie_word_embeddings": True,
    "use_bias": False,
    "moe_num_experts": 8,
    "moe_k": 3,
    "moe_intermediate_size": 32,
    "moe_num_shared_experts": 2,
    "moe_layer_start_index": 1,
    "moe_layer_end_index": 2,
    "moe_layer_interval": 1,
    "moe_norm_min": 1e-12,
}

CASES = {
    "plain": ERNIE,
    "interval": ERNIE
    | {
        "num_hidden_layers": 5,
        "moe_layer_interval": 2,
        "moe_layer_start_index": 0,
        "moe_layer_end_index": -1,
        "tie_word_embeddings": False,
        "moe_norm_min": 0.5,
    },
}
