"""GLM 4: GLM with four norms a layer."""

from cases.common import BASE

GLM = BASE | {
    "architectures": ["Glm4ForCausalLM"],
    "model_type": "glm4",
    "head_dim": 16,
    "partial_rotary_factor": 0.5,
    "attention_bias": False,
    "pad_token_id": 0,
    "rms_norm_eps": 1.5625e-07,
}

CASES = {"plain": GLM}
