"""MiniMax-M2: a part of each head turns, sigmoid scores with a correction."""

from cases.common import BASE

MINIMAX = BASE | {
    "architectures": ["MiniMaxM2ForCausalLM"],
    "model_type": "minimax_m2",
    "intermediate_size": 32,
    "head_dim": 32,
    "rotary_dim": 16,
    "num_local_experts": 8,
    "num_experts_per_tok": 3,
    "use_qk_norm": True,
    "qk_norm_type": "per_layer",
    "scoring_func": "sigmoid",
    "rms_norm_eps": 1e-6,
    "rope_theta": 5000000.0,
    "attn_type_list": [1, 1, 1],
}

CASES = {
    "plain": MINIMAX,
    "fp8": MINIMAX
    | {
        "torch_dtype": "bfloat16",
        "quantization_config": {
            "quant_method": "fp8",
            "fmt": "float8_e4m3fn",
            "activation_scheme": "dynamic",
            "weight_block_size": [32, 32],
            "modules_to_not_convert": ["gate", "e_score_correction_bias", "lm_head"],
        },
    },
}
