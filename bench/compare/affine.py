"""MLX's affine packing: groups along a row, w = scale q + bias, numbers from the lowest bits up."""

import numpy as np

GROUP = 64
PIECE = 1 << 24  # numbers worked on at a time: what lies between takes many times their room


def to_bfloat16(values: np.ndarray) -> np.ndarray:
    """Rounded to nearest even, as uint16."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bfloat16(halves: np.ndarray) -> np.ndarray:
    return (halves.astype(np.uint32) << 16).view(np.float32)


def pieces(values: np.ndarray) -> int:
    """Into how many parts along the first axis large values are cut."""
    return min(len(values), -(-values.size // PIECE))


def pack(values: np.ndarray, bits: int,
         group: int = GROUP) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[..., K] float32 to words, scales and biases; bits: 4 or 8. Scales and biases are bfloat16,
    and the numbers are chosen for them as they are rounded."""
    if values.size > PIECE and len(values) > 1:
        parts = [pack(part, bits, group) for part in np.array_split(values, pieces(values))]
        return tuple(np.concatenate(each) for each in zip(*parts, strict=True))
    groups = values.reshape(*values.shape[:-1], -1, group)
    low, high = groups.min(-1, keepdims=True), groups.max(-1, keepdims=True)
    most = 2**bits - 1
    scale = to_bfloat16(np.where(high > low, (high - low) / most, 1))
    low = to_bfloat16(low)
    numbers = np.rint((groups - from_bfloat16(low)) / from_bfloat16(scale))
    numbers = np.clip(numbers, 0, most).astype(np.uint32)
    words = numbers.reshape(*values.shape[:-1], -1, 32 // bits)
    words = words << np.arange(0, 32, bits, dtype=np.uint32)
    return np.bitwise_or.reduce(words, axis=-1), scale[..., 0], low[..., 0]


def unpack(words: np.ndarray, scales: np.ndarray, biases: np.ndarray, bits: int) -> np.ndarray:
    """What pack() packed, as float32; scales and biases bfloat16."""
    numbers = words[..., None] >> np.arange(0, 32, bits, dtype=np.uint32) & np.uint32(2**bits - 1)
    groups = numbers.reshape(*scales.shape, -1).astype(np.float32)
    values = groups * from_bfloat16(scales)[..., None] + from_bfloat16(biases)[..., None]
    return values.reshape(*words.shape[:-1], -1)
