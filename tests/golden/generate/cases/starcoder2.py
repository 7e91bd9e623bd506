"""StarCoder 2: layer norms, a plain MLP, biases."""

from cases.common import BASE

STARCODER2 = BASE | {
    "architectures": ["Starcoder2ForCausalLM"],
    "model_type": "starcoder2",
    "hidden_act": "gelu_pytorch_tanh",
    "norm_epsilon": 1e-5,
    "use_bias": True,
    "sliding_window": 6,
}
for key in ("rms_norm_eps", "tie_word_embeddings"):
    del STARCODER2[key]

CASES = {
    "plain": STARCODER2,
    "unbiased": STARCODER2 | {"use_bias": False, "sliding_window": None},
}
