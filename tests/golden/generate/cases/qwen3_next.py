"""Qwen3-Next: gated delta nets, gated attention, experts and a gated shared one."""

from cases.qwen3_5 import QWEN3_5

QWEN3_NEXT = QWEN3_5 | {
    "architectures": ["Qwen3NextForCausalLM"],
    "model_type": "qwen3_next",
    "num_experts": 8,
    "num_experts_per_tok": 3,
    "moe_intermediate_size": 64,
    "shared_expert_intermediate_size": 96,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "norm_topk_prob": True,
}

CASES = {
    "plain": QWEN3_NEXT,
    "some_dense": QWEN3_NEXT | {"mlp_only_layers": [1], "norm_topk_prob": False},
}
