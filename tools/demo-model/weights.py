"""Writes the model in the plain Hugging Face layout and in MLX's 8-bit layout, and reads either
back.
"""

import json
from pathlib import Path

import mlx.core as mx
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from model import Decoder, Shape

GROUP, BITS = 64, 8


def named_bf16(model: Decoder) -> dict[str, Tensor]:
    return {
        f"model.{name}": weight.detach().bfloat16().contiguous()
        for name, weight in model.named_parameters()
    }


def _to_mlx(weight: Tensor) -> mx.array:
    return mx.array(weight.float().numpy()).astype(mx.bfloat16)


def save_plain(model: Decoder, folder: Path) -> None:
    save_file(named_bf16(model), folder / "model.safetensors", metadata={"format": "pt"})


def save_8bit(model: Decoder, folder: Path) -> None:
    """Affine, groups of 64 along a row: the matrices and the embedding; norms stay bf16."""
    found = {}
    for name, weight in named_bf16(model).items():
        if weight.ndim == 1:
            found[name] = _to_mlx(weight)
            continue
        stem = name.removesuffix(".weight")
        packed, scales, biases = mx.quantize(_to_mlx(weight), group_size=GROUP, bits=BITS)
        found |= {name: packed, f"{stem}.scales": scales, f"{stem}.biases": biases}
    mx.save_safetensors(str(folder / "model.safetensors"), found, metadata={"format": "mlx"})


def _unpacked(packed: Tensor, scales: Tensor, biases: Tensor) -> Tensor:
    """Four 8-bit values in each uint32, the first in the lowest bits."""
    values = packed.contiguous().view(torch.uint8).float()
    grouped = values.view(values.shape[0], -1, GROUP)
    return (grouped * scales.float()[..., None] + biases.float()[..., None]).view(values.shape)


def load(folder: Path) -> Decoder:
    """Reads either layout into float32."""
    config = json.loads((folder / "config.json").read_text())
    model = Decoder(Shape(vocabulary=config["vocab_size"], rope_theta=config["rope_theta"]))
    with safe_open(folder / "model.safetensors", "pt") as file:
        stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    weights = {}
    for name, weight in stored.items():
        if name.endswith((".scales", ".biases")):
            continue
        stem = name.removesuffix(".weight")
        if f"{stem}.scales" in stored:
            weight = _unpacked(weight, stored[f"{stem}.scales"], stored[f"{stem}.biases"])
        weights[name.removeprefix("model.")] = weight.float()
    model.load_state_dict(weights)
    return model.eval()
