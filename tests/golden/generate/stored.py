"""How a case's checkpoint stores its tensors, and the dense weights they stand for.

A plain case stores what transformers saves. With `quantization` it stores what mlx-lm does: packed
matrices, experts stacked. With `quantization_config` it is as its maker published it: FP8 in
blocks, or gpt-oss's experts in MXFP4.
"""

import re

import hash_weights
import numpy as np
import packing
import torch

DTYPES = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}
ROUNDED = {"BF16": torch.bfloat16, "F16": torch.float16}
EXPERT = re.compile(r"(.*)\.experts\.(\d+)\.(\w+)\.weight")
MLX_NAMES = {"w1": "gate_proj", "w3": "up_proj", "w2": "down_proj"}
FP8_LAYERS = re.compile(r"model\.layers\..*_proj\.weight|.*\.experts\..*\.weight")


def stack_experts(shapes: dict[str, list[int]]) -> tuple[dict, dict]:
    """One matrix per expert becomes one stack per layer.

    Also tells which names each stack was made of, in order."""
    stacked, origins = {}, {}
    for name, shape in shapes.items():
        match = EXPERT.fullmatch(name)
        if not match:
            stacked[name] = shape
            continue
        layer, _, part = match.groups()
        stack = f"{layer}.switch_mlp.{MLX_NAMES.get(part, part)}.weight"
        origins.setdefault(stack, {})[int(match[2])] = name
        stacked[stack] = [len(origins[stack]), *shape]
    return stacked, {
        k: [names[e] for e in sorted(names)] for k, names in origins.items()
    }


def mlx_setting(path: str, shape: list[int], quantization: dict) -> dict | None:
    """Mode, bits and group of the layer at `path`, or None where it stays plain."""
    setting = quantization.get(path, quantization)
    if setting is False or (len(shape) != 2 and ".switch_mlp." not in path):
        return None
    mode = setting.get("mode", "affine")
    bits, group = packing.USUAL[mode]
    group = setting.get("group_size") or group
    if shape[-1] % group:
        return None
    return {"mode": mode, "bits": setting.get("bits") or bits, "group": group}


def plain_tensor(name: str, shape: list[int], dtype: str) -> dict:
    norm = len(shape) == 1 and name.endswith(".weight")
    return {"shape": shape, "dtype": dtype, "fill": "norm" if norm else "weight"}


class Stored:
    """The tensors of one case's checkpoint: `table` tells how each is stored and filled."""

    def __init__(self, shapes: dict[str, list[int]], config: dict):
        self.mlx = config.get("quantization")
        self.foreign = config.get("quantization_config") or {}
        self.dtype = DTYPES[config["torch_dtype"]]
        self.origins = {}
        if self.mlx:
            shapes, self.origins = stack_experts(shapes)
        self.settings = {}
        self.table = {}
        for name, shape in sorted(shapes.items()):
            self.table |= self._tensors(name, shape)

    def _tensors(self, name: str, shape: list[int]) -> dict:
        path = name.removesuffix(".weight")
        if self.mlx and name.endswith(".weight"):
            setting = mlx_setting(path, shape, self.mlx)
            if setting:
                self.settings[path] = setting
                return packing.packed_tensors(path, shape, setting, self.dtype)
        method = self.foreign.get("quant_method")
        if method == "fp8" and FP8_LAYERS.fullmatch(name):
            return packing.fp8_tensors(path, shape, self.foreign["weight_block_size"])
        if method == "mxfp4" and name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            return packing.mxfp4_block_tensors(name, shape)
        return {name: plain_tensor(name, shape, self.dtype)}

    def value(self, name: str) -> np.ndarray:
        """The hash value after rounding to the dtype in which the checkpoint keeps it."""
        tensor = self.table[name]
        value = hash_weights.fill(name, tensor)
        if tensor["dtype"] not in ROUNDED:
            return value
        return torch.from_numpy(value).to(ROUNDED[tensor["dtype"]]).float().numpy()

    def dense(self) -> dict[str, torch.Tensor]:
        """Float32 weights under transformers' names."""
        weights = {}
        for name in self.table:
            for target, value in self._dense(name).items():
                weights[target] = torch.from_numpy(np.array(value, order="C"))
        return weights

    def _dense(self, name: str) -> dict[str, np.ndarray]:
        path = name.removesuffix(".weight")
        if self._is_companion(name):
            return {}
        if name.endswith("_blocks"):
            return self._mxfp4_blocks(name.removesuffix("_blocks"))
        if f"{name}_scale_inv" in self.table:
            scales = self.value(f"{name}_scale_inv")
            block = self.foreign["weight_block_size"]
            return {name: packing.dequantise_blocks(self.value(name), scales, block)}
        value = self.value(name)
        if path in self.settings:
            mode, bits = (self.settings[path][k] for k in ("mode", "bits"))
            biases = self.value(f"{path}.biases") if mode == "affine" else None
            value = packing.dequantise(
                mode, bits, value, self.value(f"{path}.scales"), biases
            )
        if name not in self.origins:
            return {name: value}
        return dict(zip(self.origins[name], value, strict=True))

    def _is_companion(self, name: str) -> bool:
        """Scales and biases of another tensor."""
        stem = name.rpartition(".")[0]
        if name.endswith((".scales", ".biases")):
            return stem in self.settings
        if name.endswith("_scales"):
            return name.removesuffix("_scales") + "_blocks" in self.table
        return name.endswith(".weight_scale_inv")

    def _mxfp4_blocks(self, name: str) -> dict[str, np.ndarray]:
        blocks, scales = self.value(f"{name}_blocks"), self.value(f"{name}_scales")
        rows = blocks.reshape(*blocks.shape[:2], -1)
        value = packing.dequantise("mxfp4", 4, rows, scales, None)  # [E, N, K]
        return {name: value.transpose(0, 2, 1)}
