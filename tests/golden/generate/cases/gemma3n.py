"""Gemma 3n's language model: four streams, low-rank residuals, inputs per layer, shared caches."""

from cases.common import BASE

GEMMA3N = {k: v for k, v in BASE.items() if k not in ("rope_theta", "hidden_act")} | {
    "architectures": ["Gemma3nForCausalLM"],
    "model_type": "gemma3n_text",
    "num_hidden_layers": 6,
    "head_dim": 16,
    "intermediate_size": [128, 128, 96, 96, 128, 128],
    "hidden_activation": "gelu_pytorch_tanh",
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "rope_local_base_freq": 10000.0,
    "sliding_window": 6,
    "layer_types": ["sliding_attention", "full_attention"] * 3,
    "num_kv_shared_layers": 2,
    "activation_sparsity_pattern": [0.95, 0.9, 0.0, 0.0, 0.0, 0.0],
    "altup_active_idx": 0,
    "altup_correct_scale": True,
    "altup_coef_clip": 120.0,
    "altup_num_inputs": 4,
    "laurel_rank": 8,
    "hidden_size_per_layer_input": 16,
    "vocab_size_per_layer_input": 240,
    "final_logit_softcapping": 30.0,
    "tie_word_embeddings": True,
    "attention_bias": False,
}

CASES = {
    "plain": GEMMA3N,
    # Another active stream, no correction scale, and no layer that shares.
    "unshared": GEMMA3N
    | {
        "num_kv_shared_layers": 0,
        "altup_active_idx": 1,
        "altup_num_inputs": 3,
        "altup_correct_scale": False,
        "altup_coef_clip": 0.1,
    },
}
