"""Command R7B: parallel halves, positions only in the layers with a window."""

from cases.common import BASE

COHERE2 = BASE | {
    "architectures": ["Cohere2ForCausalLM"],
    "model_type": "cohere2",
    "num_hidden_layers": 4,
    "rope_theta": 50000.0,
    "layer_norm_eps": 1e-5,
    "logit_scale": 0.25,
    "sliding_window": 6,
    "pad_token_id": 0,
    "attention_bias": False,
}
for key in ("rms_norm_eps", "tie_word_embeddings"):
    del COHERE2[key]

CASES = {
    "plain": COHERE2 | {"sliding_window_pattern": 3},
    "biases": COHERE2 | {"attention_bias": True},
}
