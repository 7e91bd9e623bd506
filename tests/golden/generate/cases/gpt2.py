"""GPT-2: learned positions, transposed matrices."""

from cases.common import BASE

GPT2 = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "activation_function": "gelu_new",
    "n_embd": 64,
    "n_head": 4,
    "n_layer": 3,
    "n_positions": 64,
    "layer_norm_epsilon": 1e-5,
    "vocab_size": 256,
    "bos_token_id": BASE["bos_token_id"],
    "eos_token_id": BASE["eos_token_id"],
    "torch_dtype": "float32",
}

CASES = {
    "plain": GPT2,
    "inner": GPT2 | {"n_inner": 96, "scale_attn_by_inverse_layer_idx": True},
}
