"""Granite 4: Mamba2 layers and a few of attention, with and without experts."""

from cases.common import BASE

GRANITE_4 = BASE | {
    "architectures": ["GraniteMoeHybridForCausalLM"],
    "model_type": "granitemoehybrid",
    "num_hidden_layers": 4,
    "intermediate_size": 64,
    "shared_intermediate_size": 96,
    "layer_types": ["mamba", "attention", "mamba", "mamba"],
    "num_local_experts": 8,
    "num_experts_per_tok": 3,
    "embedding_multiplier": 6.0,
    "attention_multiplier": 0.1,
    "residual_multiplier": 0.6,
    "logits_scaling": 2.0,
    "position_embedding_type": "nope",
    "mamba_n_heads": 8,
    "mamba_n_groups": 2,
    "mamba_d_state": 16,
    "mamba_d_head": 16,
    "mamba_d_conv": 4,
    "mamba_expand": 2,
    "mamba_chunk_size": 8,
    "mamba_conv_bias": True,
    "mamba_proj_bias": False,
    "attention_bias": False,
}

CASES = {
    "experts": GRANITE_4,
    "dense": GRANITE_4
    | {
        "num_local_experts": 0,
        "num_experts_per_tok": 0,
        "position_embedding_type": "rope",
        "mamba_n_groups": 1,
        "mamba_proj_bias": True,
        "mamba_conv_bias": False,
        "tie_word_embeddings": True,
        "embedding_multiplier": 1.0,
        "residual_multiplier": 0.9,
    },
}
