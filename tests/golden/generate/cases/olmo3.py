"""OLMo 3: OLMo 2 with windows; only full layers are stretched."""

from cases.common import BASE, YARN

OLMO3 = BASE | {
    "architectures": ["Olmo3ForCausalLM"],
    "model_type": "olmo3",
    "num_hidden_layers": 4,
    "rope_theta": 500000.0,
    "attention_bias": False,
    "pad_token_id": 0,
    "sliding_window": 6,
}
KINDS = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]

CASES = {
    "plain": OLMO3 | {"layer_types": KINDS},
    "yarn": OLMO3 | {"rope_scaling": YARN | {"attention_factor": 1.2}},
}
