"""Packs a small model into another number of bits."""

import json
import pathlib
import shutil

import affine
import numpy as np
import safetensors_file


def as_float(kind: str, values: np.ndarray) -> np.ndarray:
    return affine.from_bfloat16(values) if kind == "BF16" else values.astype(np.float32)


def plain_tensors(folder: pathlib.Path):
    """Name and float32 values of every tensor; packed ones are unpacked."""
    stored = safetensors_file.read(folder / "model.safetensors")
    settings = json.loads((folder / "config.json").read_text()).get("quantization", {})
    for name, (kind, values) in stored.items():
        stem = name.removesuffix("weight")
        if name.endswith((".scales", ".biases")):
            continue
        if stem + "scales" in stored:
            scales, biases = stored[stem + "scales"][1], stored[stem + "biases"][1]
            yield name, affine.unpack(values, scales, biases, settings["bits"])
        else:
            yield name, as_float(kind, values)


def rows(folder: pathlib.Path, bits: int, group: int):
    """The tensors of the packed file: matrices whose width groups divide are packed."""
    for name, values in plain_tensors(folder):
        if values.ndim < 2 or values.shape[-1] % group:
            yield name, "F32", values
            continue
        words, scales, biases = affine.pack(values, bits, group)
        stem = name.removesuffix("weight")
        yield name, "U32", words
        yield stem + "scales", "BF16", scales
        yield stem + "biases", "BF16", biases


def repack(folder: pathlib.Path, target: pathlib.Path, bits: int, group: int) -> pathlib.Path:
    """A copy of the model with affine weights of so many bits."""
    target.mkdir(parents=True)
    for file in folder.iterdir():
        if file.is_file() and file.suffix != ".safetensors":
            shutil.copy(file, target / file.name)
    config = json.loads((folder / "config.json").read_text())
    config.pop("quantization_config", None)
    config["quantization"] = {"group_size": group, "bits": bits, "mode": "affine"}
    (target / "config.json").write_text(json.dumps(config, indent=1))
    safetensors_file.write(target / "model.safetensors", rows(folder, bits, group))
    return target
