"""Fills tiny checkpoints: every number is computed from its tensor's name and index.

Nothing is stored, so the C++ tests rebuild the same checkpoint bit for bit. All integers are
uint32 and wrap; `u` lies in [-1, 1) and is exact in float32.
"""

import numpy as np


def fnv1a(name: str) -> int:
    h = 0x811C9DC5
    for byte in name.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def mixed(name: str, count: int) -> np.ndarray:
    """[count] uint32: the scrambled words z of the tensor `name`."""
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(fnv1a(name))
        z ^= z >> np.uint32(16)
        z *= np.uint32(0x85EBCA6B)
        z ^= z >> np.uint32(13)
        z *= np.uint32(0xC2B2AE35)
        z ^= z >> np.uint32(16)
    return z


def unit(name: str, count: int) -> np.ndarray:
    high = (mixed(name, count) >> np.uint32(8)).astype(np.float32)
    return high / np.float32(1 << 23) - np.float32(1)


def fp8_codes(name: str, count: int, dtype: str) -> np.ndarray:
    """E4M3 codes, one to a byte or four to a word; those of "not a number" make room for others."""
    codes = mixed(name, count * (4 if dtype == "U32" else 1)).astype(np.uint8)
    codes = np.where(codes & 127 == 127, codes ^ 1, codes).astype(np.uint8)
    return codes.view("<u4") if dtype == "U32" else codes


def fill(name: str, tensor: dict) -> np.ndarray:
    """One tensor of a golden's table: `fill` names the rule, `bits` the width of packed weights."""
    shape, rule = tensor["shape"], tensor["fill"]
    count = int(np.prod(shape))
    if rule == "packed":
        return mixed(name, count).reshape(shape)
    if rule == "bytes":
        masked = mixed(name, count) & np.uint32(tensor["mask"])
        return (masked + np.uint32(tensor["base"])).astype(np.uint8).reshape(shape)
    if rule == "fp8":
        return fp8_codes(name, count, tensor["dtype"]).reshape(shape)
    u = unit(name, count)
    rules = {
        "weight": lambda: u / np.float32(8),
        "norm": lambda: np.float32(1) + u / np.float32(8),
        "scales": lambda: (np.float32(2) + u) / np.float32(8 << tensor["bits"]),
        "biases": lambda: u / np.float32(64) - np.float32(0.125),
    }
    return rules[rule]().astype(np.float32).reshape(shape)


def check() -> None:
    """The published check values of the scheme."""
    name = "model.embed_tokens.weight"
    z = mixed(name, 1001)
    assert fnv1a(name) == 0x403ADE76
    assert (z[0], z[1], z[1000]) == (0xBE824EAB, 0xF26B9435, 0x26D42DB9)
    assert fill(name, {"shape": [1], "fill": "weight"})[0] == np.float32(0.06104394793510437)
    norm = fill("model.norm.weight", {"shape": [1], "fill": "norm"})
    assert norm[0] == np.float32(0.881140947341919)
