"""Reads and writes safetensors files; of the number types those that models here have."""

import json
import math
import pathlib
import shutil
import struct
from collections.abc import Iterable

import numpy as np

# A bfloat16 is held as the uint16 of its bits.
TYPES = {"BF16": np.uint16, "F16": np.float16, "F32": np.float32, "U32": np.uint32}

Row = tuple[str, str, np.ndarray]  # name, type, values


def read(path: pathlib.Path) -> dict[str, tuple[str, np.ndarray]]:
    """Type and values of each tensor, mapped from the file."""
    with path.open("rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        offset = 8 + length + entry["data_offsets"][0]
        values = np.memmap(path, TYPES[entry["dtype"]], "r", offset, math.prod(entry["shape"]))
        found[name] = (entry["dtype"], values.reshape(entry["shape"]))
    return found


def write(path: pathlib.Path, rows: Iterable[Row]) -> None:
    """The data first, into a file of its own, since the header holds the offsets."""
    header, offset = {}, 0
    body = path.with_suffix(".body")
    with body.open("wb") as out:
        for name, kind, values in rows:
            header[name] = {"dtype": kind, "shape": values.shape,
                            "data_offsets": [offset, offset + values.nbytes]}
            out.write(np.ascontiguousarray(values).tobytes())
            offset += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as out, body.open("rb") as data:
        out.write(struct.pack("<Q", len(text)) + text)
        shutil.copyfileobj(data, out, 1 << 24)
    body.unlink()
