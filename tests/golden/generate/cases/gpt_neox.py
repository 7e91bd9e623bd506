"""GPT-NeoX and Pythia: fused projections head by head, parallel halves."""

from cases.common import BASE

GPT_NEOX = BASE | {
    "architectures": ["GPTNeoXForCausalLM"],
    "model_type": "gpt_neox",
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "rotary_pct": 0.25,
    "rotary_emb_base": 10000,
    "use_parallel_residual": True,
}
for key in ("rms_norm_eps", "rope_theta", "num_key_value_heads"):
    del GPT_NEOX[key]

CASES = {"plain": GPT_NEOX, "sequential": GPT_NEOX | {"use_parallel_residual": False}}
