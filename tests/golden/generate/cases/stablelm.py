"""StableLM: layer norms, a quarter of each head turns."""

from cases.common import BASE

STABLELM = BASE | {
    "architectures": ["StableLmForCausalLM"],
    "model_type": "stablelm",
    "layer_norm_eps": 1e-5,
    "partial_rotary_factor": 0.25,
    "use_qkv_bias": True,
}
del STABLELM["rms_norm_eps"]

CASES = {
    "plain": STABLELM,
    "parallel": STABLELM
    | {"use_qkv_bias": False, "use_parallel_residual": True, "qk_layernorm": True},
}
