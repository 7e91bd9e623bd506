"""GLM: neighbouring pairs turn, half of each head."""

from cases.common import BASE

GLM = BASE | {
    "architectures": ["GlmForCausalLM"],
    "model_type": "glm",
    "head_dim": 16,
    "partial_rotary_factor": 0.5,
    "attention_bias": True,
    "pad_token_id": 0,
    "rms_norm_eps": 1.5625e-07,
}

CASES = {"plain": GLM}
