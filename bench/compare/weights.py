"""Makes the same random model for both sides: safetensors (bf16, affine 4 and 8 bit) and GGUF.

    python weights.py SHAPE FORMAT TARGET     FORMAT: bf16 affine4 affine8 F16 Q8_0 Q4_0

Every tensor is drawn from its name and one seed, so that all formats hold the same numbers.
Honest for the speed of dense models; not for speculation, balance of experts or early stops.
"""

import json
import pathlib
import shutil
import sys
import zlib

import affine
import gguf_file
import numpy as np
import safetensors_file
from shapes import END, SHAPES, Shape, is_router, token_texts

SEED = 20260101
PACKED = {"affine4": 4, "affine8": 8}  # bits
FOLDERS = ("bf16", *PACKED)  # the others are GGUF files


def draw(shape: Shape, name: str) -> np.ndarray:
    """float32; the norms' gains are ones, and rows that nobody may draw are zero in the head."""
    size = shape.tensors()[name]
    if len(size) == 1:
        return np.ones(size, np.float32)
    random = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    tensor = random.standard_normal(size, dtype=np.float32) / np.float32(np.sqrt(size[-1]))
    if name == "lm_head.weight" or (shape.tied and name == "model.embed_tokens.weight"):
        tensor[:END + 1] = 0
    return tensor


def stored(name: str, values: np.ndarray, form: str) -> list[safetensors_file.Row]:
    """What one tensor becomes."""
    if form == "bf16" or values.ndim == 1 or is_router(name):
        return [(name, "BF16", affine.to_bfloat16(values))]
    packed, scales, biases = affine.pack(values, PACKED[form])
    stem = name.removesuffix("weight")
    return [(name, "U32", packed), (stem + "scales", "BF16", scales),
            (stem + "biases", "BF16", biases)]


def model_config(shape: Shape, form: str) -> dict:
    family, name = ("qwen3", "Qwen3ForCausalLM") if shape.qwen3 else ("llama", "LlamaForCausalLM")
    config = {
        "architectures": [name], "model_type": family, "torch_dtype": "bfloat16",
        "hidden_size": shape.width, "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_width,
        "vocab_size": shape.vocabulary, "max_position_embeddings": shape.context,
        "rms_norm_eps": shape.rms_epsilon, "rope_theta": shape.rope_base,
        "tie_word_embeddings": shape.tied, "eos_token_id": END, "hidden_act": "silu",
    }
    if shape.experts:
        config |= {"architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe",
                   "num_experts": shape.experts.count, "mlp_only_layers": [],
                   "num_experts_per_tok": shape.experts.used, "norm_topk_prob": True,
                   "moe_intermediate_size": shape.experts.width, "decoder_sparse_step": 1}
    if form in PACKED:
        config["quantization"] = {"group_size": affine.GROUP, "bits": PACKED[form]}
    return config


def tokenizer(shape: Shape) -> dict:
    """Byte-level BPE without merges."""
    texts = token_texts(shape.vocabulary)
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
             "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None,
        "added_tokens": [{"id": END, "content": texts[END], "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True}],
        "pre_tokenizer": level, "post_processor": None, "decoder": level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {text: number for number, text in enumerate(texts)}, "merges": []},
    }


def make_folder(shape: Shape, form: str, target: pathlib.Path) -> None:
    target.mkdir(parents=True)
    (target / "config.json").write_text(json.dumps(model_config(shape, form), indent=1))
    (target / "tokenizer.json").write_text(json.dumps(tokenizer(shape)))
    (target / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end|>",
         "model_max_length": shape.context}))
    safetensors_file.write(target / "model.safetensors",
                           (row for name in shape.tensors()
                            for row in stored(name, draw(shape, name), form)))


def make(shape: Shape, form: str, target: pathlib.Path) -> None:
    """Whole or not at all: the name appears when all is written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(target.name + ".half")
    if half.is_dir():
        shutil.rmtree(half)
    if form in FOLDERS:
        make_folder(shape, form, half)
    else:
        gguf_file.write(half, shape, form, lambda name: draw(shape, name),
                        token_texts(shape.vocabulary))
    half.rename(target)


def cached(home: pathlib.Path, shape: str, form: str) -> pathlib.Path:
    """Made at the first call."""
    target = home / f"{shape}-{form}"
    if not target.exists():
        print(f"making the weights {target.name}", flush=True)
        make(SHAPES[shape], form, target)
    return target


if __name__ == "__main__":
    make(SHAPES[sys.argv[1]], sys.argv[2], pathlib.Path(sys.argv[3]))
