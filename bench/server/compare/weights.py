"""Makes the same random model for both sides: safetensors (bf16, affine 4 bit) and GGUF.

    python weights.py SHAPE FORMAT TARGET     FORMAT: bf16 affine4 F16 Q8_0 Q4_0

Every tensor is drawn from its name and one seed, so that all formats hold the same numbers.
Honest for the speed of dense models; not for speculation, balance of experts or early stops.
"""

import json
import pathlib
import shutil
import struct
import sys
import zlib

import gguf_file
import numpy as np
from shapes import END, SHAPES, Shape, token_texts

SEED = 20260101
GROUP = 64


def draw(shape: Shape, name: str) -> np.ndarray:
    """float32; the norms' gains are ones, and rows that nobody may draw are zero in the head."""
    size = shape.tensors()[name]
    if len(size) == 1:
        return np.ones(size, np.float32)
    random = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    tensor = random.standard_normal(size, dtype=np.float32) / np.float32(np.sqrt(size[1]))
    if name == "lm_head.weight" or (shape.tied and name == "model.embed_tokens.weight"):
        tensor[:END + 1] = 0
    return tensor


def bfloat16(values: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def affine4(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """MLX's layout: eight 4-bit numbers per 32-bit word, lowest bits first; w = scale q + bias."""
    groups = values.reshape(values.shape[0], -1, GROUP)
    low, high = groups.min(-1, keepdims=True), groups.max(-1, keepdims=True)
    scale = np.where(high > low, (high - low) / 15, 1).astype(np.float32)
    numbers = np.clip(np.rint((groups - low) / scale), 0, 15).astype(np.uint32)
    words = numbers.reshape(values.shape[0], -1, 8) << np.arange(0, 32, 4, dtype=np.uint32)
    packed = np.bitwise_or.reduce(words, axis=-1)
    return packed, bfloat16(scale[..., 0]), bfloat16(low[..., 0])


def stored(name: str, values: np.ndarray, form: str):
    """The (name, dtype, array) rows that one tensor becomes."""
    if form == "bf16" or values.ndim == 1:
        return [(name, "BF16", bfloat16(values))]
    packed, scales, biases = affine4(values)
    stem = name.removesuffix("weight")
    return [(name, "U32", packed), (stem + "scales", "BF16", scales),
            (stem + "biases", "BF16", biases)]


def write_safetensors(path: pathlib.Path, shape: Shape, form: str) -> None:
    """The data first, into a file of its own, since the header holds the offsets."""
    header, offset = {}, 0
    body = path.with_suffix(".body")
    with body.open("wb") as out:
        for name in shape.tensors():
            for row, kind, array in stored(name, draw(shape, name), form):
                header[row] = {"dtype": kind, "shape": array.shape,
                               "data_offsets": [offset, offset + array.nbytes]}
                out.write(array.tobytes())
                offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as out, body.open("rb") as data:
        out.write(struct.pack("<Q", len(text)) + text)
        shutil.copyfileobj(data, out, 1 << 24)
    body.unlink()


def model_config(shape: Shape, form: str) -> dict:
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16",
        "hidden_size": shape.width, "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_width,
        "vocab_size": shape.vocabulary, "max_position_embeddings": shape.context,
        "rms_norm_eps": shape.rms_epsilon, "rope_theta": shape.rope_base,
        "tie_word_embeddings": shape.tied, "eos_token_id": END, "hidden_act": "silu",
    }
    if form == "affine4":
        config["quantization"] = {"group_size": GROUP, "bits": 4}
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
    write_safetensors(target / "model.safetensors", shape, form)


def make(shape: Shape, form: str, target: pathlib.Path) -> None:
    """Whole or not at all: the name appears when all is written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(target.name + ".half")
    if half.is_dir():
        shutil.rmtree(half)
    if form in ("bf16", "affine4"):
        make_folder(shape, form, half)
    else:
        gguf_file.write(half, shape, form, lambda name: draw(shape, name),
                        token_texts(shape.vocabulary))
    half.rename(target)


if __name__ == "__main__":
    make(SHAPES[sys.argv[1]], sys.argv[2], pathlib.Path(sys.argv[3]))
