"""Command R: parallel halves, layer norms without biases."""

from cases.common import BASE

COHERE = BASE | {
    "architectures": ["CohereForCausalLM"],
    "model_type": "cohere",
    "rope_theta": 8000000.0,
    "layer_norm_eps": 1e-5,
    "logit_scale": 0.0625,
    "pad_token_id": 0,
    "attention_bias": False,
}
for key in ("rms_norm_eps", "tie_word_embeddings"):
    del COHERE[key]

CASES = {
    "plain": COHERE | {"use_qk_norm": False},
    "qk_norm": COHERE | {"use_qk_norm": True},
}
