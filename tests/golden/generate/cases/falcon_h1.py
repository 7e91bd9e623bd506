"""Falcon H1: attention and Mamba2 side by side in every layer."""

from cases.common import BASE

FALCON_H1 = BASE | {
    "architectures": ["FalconH1ForCausalLM"],
    "model_type": "falcon_h1",
    "rope_theta": 100000.0,
    "attention_bias": False,
    "mlp_bias": False,
    "projectors_bias": False,
    "mamba_proj_bias": False,
    "mamba_conv_bias": True,
    "mamba_d_conv": 4,
    "mamba_d_ssm": 96,
    "mamba_d_state": 16,
    "mamba_d_head": 16,
    "mamba_n_heads": 6,
    "mamba_n_groups": 2,
    "mamba_chunk_size": 8,
    "mamba_rms_norm": False,
    "mamba_norm_before_gate": True,
    "time_step_limit": [0.0, 1e9],
    "embedding_multiplier": 5.5,
    "lm_head_multiplier": 0.4,
    "key_multiplier": 0.7,
    "attention_in_multiplier": 1.2,
    "attention_out_multiplier": 0.9,
    "ssm_in_multiplier": 1.3,
    "ssm_out_multiplier": 0.8,
    "ssm_multipliers": [0.9, 0.8, 1.1, 1.2, 0.7],
    "mlp_multipliers": [0.9, 0.6],
}

CASES = {
    "plain": FALCON_H1,
    "normed": FALCON_H1
    | {"mamba_rms_norm": True, "mamba_norm_before_gate": False, "mamba_d_ssm": 128,
       "mamba_n_heads": 8},
}
