"""Writes a generated model as GGUF, version 3, for programs that read nothing else."""

import pathlib
import struct
from collections.abc import Callable

import affine
import numpy as np
from shapes import END, Shape, is_router

ALIGNMENT = 32
BLOCK = 32
TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 8}
FILE_TYPES = {"F16": 1, "Q4_0": 2, "Q8_0": 7}
NORMAL, CONTROL = 1, 3

LAYER_NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "mlp.gate": "ffn_gate_inp",
    "mlp.switch_mlp.gate_proj": "ffn_gate_exps", "mlp.switch_mlp.up_proj": "ffn_up_exps",
    "mlp.switch_mlp.down_proj": "ffn_down_exps",
}
NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def gguf_name(name: str) -> str:
    stem = name.removesuffix(".weight")
    if stem in NAMES:
        return f"{NAMES[stem]}.weight"
    _, _, layer, part = stem.split(".", 3)
    return f"blk.{layer}.{LAYER_NAMES[part]}.weight"


def interleaved(values: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a head from halves to pairs: the format's rope turns neighbours."""
    width = values.shape[0] // heads
    halves = values.reshape(heads, 2, width // 2, values.shape[1])
    return halves.swapaxes(1, 2).reshape(values.shape)


def q8_0(values: np.ndarray) -> bytes:
    """Blocks of 32: a half-precision scale, then 32 signed bytes."""
    blocks = values.reshape(-1, BLOCK)
    scale = np.abs(blocks).max(1, keepdims=True) / 127
    numbers = np.rint(blocks / np.where(scale > 0, scale, 1)).astype(np.int8)
    return np.hstack([scale.astype(np.float16).view(np.uint8), numbers.view(np.uint8)]).tobytes()


def q4_0(values: np.ndarray) -> bytes:
    """Blocks of 32: a half-precision scale, then 16 bytes; number i beside number i + 16."""
    blocks = values.reshape(-1, BLOCK)
    peak = np.take_along_axis(blocks, np.abs(blocks).argmax(1)[:, None], 1)
    scale = peak / -8
    numbers = np.clip(np.trunc(blocks / np.where(scale != 0, scale, 1) + 8.5), 0, 15)
    numbers = numbers.astype(np.uint8)
    packed = numbers[:, :BLOCK // 2] | numbers[:, BLOCK // 2:] << 4
    return np.hstack([scale.astype(np.float16).view(np.uint8), packed]).tobytes()


def encoded(name: str, values: np.ndarray, form: str) -> tuple[int, bytes]:
    if values.ndim == 1 or is_router(name):
        return TYPES["F32"], values.astype(np.float32).tobytes()
    if form == "F16":
        return TYPES["F16"], values.astype(np.float16).tobytes()
    pack = q8_0 if form == "Q8_0" else q4_0
    parts = np.array_split(values, affine.pieces(values))
    return TYPES[form], b"".join(pack(part) for part in parts)


def text_bytes(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def member(key: str, value) -> bytes:
    """One pair of metadata; lists hold texts or whole numbers."""
    head = text_bytes(key)
    if isinstance(value, bool):
        return head + struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return head + struct.pack("<II", 4, value)
    if isinstance(value, float):
        return head + struct.pack("<If", 6, value)
    if isinstance(value, str):
        return head + struct.pack("<I", 8) + text_bytes(value)
    of_text = isinstance(value[0], str)
    head += struct.pack("<IIQ", 9, 8 if of_text else 5, len(value))
    return head + b"".join(text_bytes(item) if of_text else struct.pack("<i", item)
                           for item in value)


def architecture(shape: Shape) -> str:
    if shape.experts:
        return "qwen3moe"
    return "qwen3" if shape.qwen3 else "llama"


def dimensions(shape: Shape) -> dict:
    found = {
        "block_count": shape.layers, "context_length": shape.context,
        "embedding_length": shape.width, "feed_forward_length": shape.feed_forward,
        "attention.head_count": shape.heads, "attention.head_count_kv": shape.kv_heads,
        "attention.key_length": shape.head_width, "attention.value_length": shape.head_width,
        "attention.layer_norm_rms_epsilon": shape.rms_epsilon, "rope.freq_base": shape.rope_base,
        "rope.dimension_count": shape.head_width, "vocab_size": shape.vocabulary,
    }
    if shape.experts:
        found |= {"expert_count": shape.experts.count, "expert_used_count": shape.experts.used,
                  "expert_feed_forward_length": shape.experts.width}
    return {f"{architecture(shape)}.{name}": value for name, value in found.items()}


def metadata(shape: Shape, form: str, texts: list[str]) -> dict:
    kinds = [NORMAL] * len(texts)
    kinds[END] = CONTROL
    return {
        "general.architecture": architecture(shape), "general.name": "generated",
        "general.file_type": FILE_TYPES[form], **dimensions(shape),
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": texts, "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": ["t 0"],  # the reader wants one; no text here needs it
        "tokenizer.ggml.bos_token_id": END, "tokenizer.ggml.eos_token_id": END,
        "tokenizer.ggml.add_bos_token": False,
    }


def write(path: pathlib.Path, shape: Shape, form: str, draw: Callable[[str], np.ndarray],
          texts: list[str]) -> None:
    """The data goes into a file of its own first, since the head holds its offsets."""
    body, infos, offset = path.with_suffix(".body"), [], 0
    with body.open("wb") as out:
        for name in shape.tensors():
            values = draw(name)
            if not shape.qwen3 and ("q_proj" in name or "k_proj" in name):
                values = interleaved(values, shape.heads if "q_proj" in name else shape.kv_heads)
            kind, data = encoded(name, values, form)
            infos.append(text_bytes(gguf_name(name)) + struct.pack("<I", values.ndim)
                         + struct.pack(f"<{values.ndim}Q", *reversed(values.shape))
                         + struct.pack("<IQ", kind, offset))
            out.write(data + b"\0" * (-len(data) % ALIGNMENT))
            offset += len(data) + -len(data) % ALIGNMENT
    members = metadata(shape, form, texts)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(members))
    head += b"".join(member(key, value) for key, value in members.items()) + b"".join(infos)
    with path.open("wb") as out, body.open("rb") as data:
        out.write(head + b"\0" * (-len(head) % ALIGNMENT))
        while piece := data.read(1 << 24):
            out.write(piece)
    body.unlink()
