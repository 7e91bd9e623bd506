"""Gemma 2: four norms a layer, capped scores, a window in every other layer."""

from cases.common import GEMMA_BASE

GEMMA2 = GEMMA_BASE | {
    "architectures": ["Gemma2ForCausalLM"],
    "model_type": "gemma2",
    "num_hidden_layers": 4,
    "hidden_act": "gelu_pytorch_tanh",
    "hidden_activation": "gelu_pytorch_tanh",
    "query_pre_attn_scalar": 24,
    "sliding_window": 6,
    "attn_logit_softcapping": 0.5,  # small, so that it bends the scores of a tiny model
    "final_logit_softcapping": 5.0,
}

CASES = {
    "plain": GEMMA2,
    "uncapped": GEMMA2 | {"attn_logit_softcapping": None, "final_logit_softcapping": None},
}
