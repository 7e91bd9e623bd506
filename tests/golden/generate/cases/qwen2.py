"""Qwen2: biases, and windows in the upper layers."""

from cases.common import AFFINE, BASE, YARN

QWEN2 = BASE | {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "use_sliding_window": False,
    "sliding_window": 32768,
    "max_window_layers": 2,
}

CASES = {
    "plain": QWEN2,
    "tied": QWEN2 | {"tie_word_embeddings": True},
    "window": QWEN2 | {"use_sliding_window": True, "sliding_window": 6, "max_window_layers": 1},
    "yarn": QWEN2 | {"max_position_embeddings": 128, "rope_scaling": YARN},
    "float16": QWEN2 | {"torch_dtype": "float16"},
    "affine4_tied": QWEN2
    | {
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "quantization": AFFINE | {"group_size": 32, "bits": 4},
    },
}
