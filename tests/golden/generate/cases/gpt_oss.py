"""gpt-oss: sinks, windows in every other layer, clamped gates, experts in MXFP4."""

from cases.common import BASE

GPT_OSS = BASE | {
    "architectures": ["GptOssForCausalLM"],
    "model_type": "gpt_oss",
    "num_hidden_layers": 4,
    "intermediate_size": 64,
    "head_dim": 32,
    "num_local_experts": 6,
    "num_experts_per_tok": 3,
    "experts_per_token": 3,
    "attention_bias": True,
    "sliding_window": 6,
    "layer_types": ["sliding_attention", "full_attention"] * 2,
    "rope_theta": 150000.0,
    "rope_scaling": {
        "rope_type": "yarn",
        "factor": 8.0,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "original_max_position_embeddings": 32,
        "truncate": False,
    },
    "swiglu_limit": 7.0,
}

CASES = {
    "plain": GPT_OSS,
    # Gates are small in tiny models: a limit that bites.
    "clamped": GPT_OSS | {"swiglu_limit": 0.4},
    "mxfp4": GPT_OSS
    | {
        "torch_dtype": "bfloat16",
        "quantization_config": {
            "quant_method": "mxfp4",
            "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"],
        },
    },
}
