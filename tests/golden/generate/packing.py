"""The layouts of packed weights, in numpy alone and by their definitions.

Codes of `bits` bits lie one after another in little-endian uint32 words, lowest bits first. A row's
codes come in groups that share a scale (affine: and a bias):

    affine  value = scale * code + bias             codes of 2 to 8 bits
    mxfp4   value = 2 ^ (scale - 127) * E2M1(code)  groups of 32
    nvfp4   value = E4M3(scale) * E2M1(code)        groups of 16
    mxfp8   value = 2 ^ (scale - 127) * E4M3(code)  groups of 32
    fp8     value = scale * E4M3(code)              a floating-point scale per block of a matrix
"""

import numpy as np

# E2M1: one sign bit, two of exponent, one of fraction.
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)
USUAL = {"affine": (4, 64), "mxfp4": (4, 32), "nvfp4": (4, 16), "mxfp8": (8, 32)}

# How scales are filled so that the weights stay near the size of plain ones: bytes `base` to
# `base` + `mask`, see hash_weights.
SCALES = {
    "mxfp4": {"fill": "bytes", "base": 121, "mask": 1},
    "nvfp4": {"fill": "bytes", "base": 8, "mask": 7},
    "mxfp8": {"fill": "bytes", "base": 116, "mask": 1},
}


def e4m3(codes: np.ndarray) -> np.ndarray:
    """One sign bit, four of exponent (bias 7), three of fraction; no infinities."""
    exponent = (codes >> 3 & 15).astype(np.int32)
    fraction = (codes & 7).astype(np.float32)
    normal = np.ldexp(1 + fraction / 8, exponent - 7)
    size = np.where(exponent == 0, np.ldexp(fraction, -9), normal)
    return np.where(codes & 128, -size, size).astype(np.float32)


def e2m1(codes: np.ndarray) -> np.ndarray:
    size = E2M1[codes & 7]
    return np.where(codes & 8, -size, size)


def e8m0(scales: np.ndarray) -> np.ndarray:
    return np.ldexp(np.float32(1), scales.astype(np.int32) - 127)


def codes_of(words: np.ndarray, bits: int) -> np.ndarray:
    """[..., W] words or bytes become [..., codes]."""
    raw = np.ascontiguousarray(words).view(np.uint8)
    stream = np.unpackbits(raw, axis=-1, bitorder="little")
    stream = stream.reshape(*words.shape[:-1], -1, bits).astype(np.uint32)
    return stream @ (np.uint32(1) << np.arange(bits, dtype=np.uint32))


def spread(table: np.ndarray, width: int) -> np.ndarray:
    """One entry per group becomes one per number of the row."""
    return np.repeat(table, width // table.shape[-1], axis=-1)


def dequantise(
    mode: str,
    bits: int,
    packed: np.ndarray,
    scales: np.ndarray,
    biases: np.ndarray | None,
) -> np.ndarray:
    """[..., N, K * bits / 32] words and [..., N, K / group] tables become [..., N, K] float32."""
    codes = codes_of(packed, bits)
    width = codes.shape[-1]
    if mode == "affine":
        scale, bias = (spread(t.astype(np.float32), width) for t in (scales, biases))
        return scale * codes.astype(np.float32) + bias
    numbers = e4m3(codes) if mode == "mxfp8" else e2m1(codes)
    scale = e4m3(scales) if mode == "nvfp4" else e8m0(scales)
    return spread(scale, width) * numbers


def dequantise_blocks(
    codes: np.ndarray, scales: np.ndarray, block: list[int]
) -> np.ndarray:
    """FP8: [N, K] codes and one scale per block; blocks at the edges may be smaller."""
    rows, columns = block
    table = np.repeat(np.repeat(scales, rows, axis=0), columns, axis=1)
    return (
        e4m3(codes)
        * table[: codes.shape[0], : codes.shape[1]].astype(np.float32)
    )


def packed_tensors(path: str, shape: list[int], setting: dict, dtype: str) -> dict:
    """The tensors that stand for the dense `<path>.weight` of `shape`."""
    *rows, width = shape
    mode, bits, group = setting["mode"], setting["bits"], setting["group"]
    assert width % group == 0 and width * bits % 32 == 0
    words = {"shape": [*rows, width * bits // 32], "dtype": "U32"}
    table = {"shape": [*rows, width // group]}
    if mode != "affine":
        return {
            f"{path}.weight": words
            | {"fill": "fp8" if mode == "mxfp8" else "packed"},
            f"{path}.scales": table | {"dtype": "U8"} | SCALES[mode],
        }
    table["dtype"] = dtype
    return {
        f"{path}.weight": words | {"fill": "packed"},
        f"{path}.scales": table | {"fill": "scales", "bits": bits},
        f"{path}.biases": table | {"fill": "biases"},
    }


def fp8_tensors(path: str, shape: list[int], block: list[int]) -> dict:
    """The same in FP8."""
    blocks = [-(-side // step) for side, step in zip(shape, block, strict=True)]
    return {
        f"{path}.weight": {"shape": shape, "dtype": "F8_E4M3", "fill": "fp8"},
        f"{path}.weight_scale_inv": {
            "shape": blocks,
            "dtype": "F32",
            "fill": "scales",
            "bits": 8,
        },
    }


def mxfp4_block_tensors(path: str, shape: list[int]) -> dict:
    """gpt-oss's experts [E, K, N]: bytes of two codes each, in blocks of 32 along K."""
    experts, width, rows = shape
    blocks = [experts, rows, width // 32]
    return {
        f"{path}_blocks": {
            "shape": [*blocks, 16],
            "dtype": "U8",
            "fill": "bytes",
            "base": 0,
            "mask": 255,
        },
        f"{path}_scales": {"shape": blocks, "dtype": "U8"} | SCALES["mxfp4"],
    }
