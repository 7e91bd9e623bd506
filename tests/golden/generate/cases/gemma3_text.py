"""Gemma 3: local layers with a rope of their own, normed queries and keys."""

from cases.common import GEMMA_BASE

GEMMA3 = GEMMA_BASE | {
    "architectures": ["Gemma3ForCausalLM"],
    "model_type": "gemma3_text",
    "num_hidden_layers": 4,
    "hidden_activation": "gelu_pytorch_tanh",
    "query_pre_attn_scalar": 24,
    "sliding_window": 6,
    "sliding_window_pattern": 3,
    "rope_theta": 1000000.0,
    "rope_local_base_freq": 10000.0,
    "attn_logit_softcapping": None,
    "final_logit_softcapping": None,
}
LINEAR = {"rope_type": "linear", "factor": 8.0}

CASES = {
    "plain": GEMMA3,
    "linear_rope": GEMMA3 | {"rope_scaling": LINEAR},
}

WRAPPED = {k: v for k, v in GEMMA3.items() if k not in ("architectures", "torch_dtype")}
WRAPPER = {
    "architectures": ["Gemma3ForConditionalGeneration"],
    "model_type": "gemma3",
    "boi_token_index": 250,
    "eoi_token_index": 251,
    "image_token_index": 252,
    "mm_tokens_per_image": 4,
    "eos_token_id": [1, 106],
    "torch_dtype": "float32",
    "text_config": WRAPPED,
    "vision_config": {
        "model_type": "siglip_vision_model",
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    },
}
CASES["wrapper"] = WRAPPER
