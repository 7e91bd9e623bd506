"""The affine layout of quantised weights, in numpy alone: value = scale * code + bias.

Codes of `bits` bits lie one after another in little-endian uint32 words, lowest bits first;
every `group_size` neighbours of a row share one scale and one bias.
"""

import numpy as np

SUFFIXES = (".weight", ".scales", ".biases")


def dequantise(packed: np.ndarray, scales: np.ndarray, biases: np.ndarray, bits: int) -> np.ndarray:
    """[N, K * bits / 32] uint32 and two [N, K / group] tables become [N, K] float32."""
    per_word = 32 // bits
    shifts = np.arange(per_word, dtype=np.uint32) * np.uint32(bits)
    codes = (packed[:, :, None] >> shifts) & np.uint32((1 << bits) - 1)
    codes = codes.reshape(packed.shape[0], scales.shape[1], -1).astype(np.float32)
    values = scales[:, :, None].astype(np.float32) * codes + biases[:, :, None].astype(np.float32)
    return values.reshape(packed.shape[0], -1).astype(np.float32)


def packed_tensors(path: str, shape: list[int], bits: int, group: int, dtype: str) -> dict:
    """The three tensors that stand for the dense `<path>.weight` of `shape`."""
    rows, width = shape
    assert width % group == 0 and 32 % bits == 0
    table = {"shape": [rows, width // group], "dtype": dtype}
    return {
        f"{path}.weight": {"shape": [rows, width * bits // 32], "dtype": "U32", "fill": "packed"},
        f"{path}.scales": table | {"fill": "scales", "bits": bits},
        f"{path}.biases": table | {"fill": "biases"},
    }
