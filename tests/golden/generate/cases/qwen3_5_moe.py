"""Qwen3.5 with experts."""

from cases.qwen3_next import QWEN3_NEXT

CASES = {
    "plain": {
        k: v for k, v in QWEN3_NEXT.items() if k not in ("decoder_sparse_step", "mlp_only_layers")
    }
    | {"architectures": ["Qwen3_5MoeForCausalLM"], "model_type": "qwen3_5_moe_text"},
}
