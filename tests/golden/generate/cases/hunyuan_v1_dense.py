"""Hunyuan dense: queries and keys are normed after they are turned."""

from cases.common import BASE

HUNYUAN = BASE | {
    "architectures": ["HunYuanDenseV1ForCausalLM"],
    "model_type": "hunyuan_v1_dense",
    "head_dim": 32,
    "attention_bias": False,
    "tie_word_embeddings": True,
    "rope_scaling": {
        "alpha": 1000.0,
        "beta_fast": 32,
        "beta_slow": 1,
        "factor": 1.0,
        "mscale": 1.0,
        "mscale_all_dim": 1.0,
        "type": "dynamic",
    },
}

CASES = {"plain": HUNYUAN}
