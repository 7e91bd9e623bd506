"""Ministral 3: queries that grow with their position."""

from cases.common import BASE

MINISTRAL3 = BASE | {
    "architectures": ["Ministral3ForCausalLM"],
    "model_type": "ministral3",
    "head_dim": 32,
    "max_position_embeddings": 128,
    "sliding_window": None,
    "rope_parameters": {
        "rope_type": "yarn",
        "rope_theta": 1000000.0,
        "factor": 16.0,
        "original_max_position_embeddings": 8,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "mscale": 1.0,
        "mscale_all_dim": 1.0,
        "llama_4_scaling_beta": 0.1,
    },
}
del MINISTRAL3["rope_theta"]

CASES = {"plain": MINISTRAL3, "window": MINISTRAL3 | {"sliding_window": 6}}

VISION = {
    "model_type": "pixtral",
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "head_dim": 16,
    "image_size": 32,
    "patch_size": 8,
    "rope_theta": 10000.0,
}
WRAPPER = {
    "architectures": ["Mistral3ForConditionalGeneration"],
    "model_type": "mistral3",
    "image_token_index": 10,
    "spatial_merge_size": 2,
    "vision_feature_layer": -1,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "vision_config": VISION,
}
INSIDE = {k: v for k, v in MINISTRAL3.items() if k not in ("architectures", "torch_dtype")}
MISTRAL = {k: v for k, v in BASE.items() if k != "torch_dtype"} | {
    "model_type": "mistral",
    "head_dim": 32,
    "sliding_window": None,
}

CASES["wrapper"] = WRAPPER | {"text_config": INSIDE}
CASES["wrapped_mistral"] = WRAPPER | {"text_config": MISTRAL}
