"""Fuses adapters into golden checkpoints with mlx-lm and writes down what comes out.

    python tests/golden/generate/fusion.py

Needs mlx-lm 0.32. Writes tests/golden/fusion/<family>.<case>.json: the adapter's settings and
tensors, and for each set of options the dtype, shape and the first 16 digits of the SHA-256 of
every fused model's tensor, and beginnings of rows of those that the adapter changes.
"""

import json
import pathlib
import tempfile

import conversion
import hash_weights
import mlx.core as mx
import numpy as np
from mlx.utils import tree_map_with_path, tree_unflatten
from mlx_lm import utils
from mlx_lm.tuner.utils import load_adapters
from safetensors.numpy import save_file

GOLDEN = pathlib.Path(__file__).resolve().parent.parent
ADAPTER = {
    "fine_tune_type": "lora",
    "num_layers": 2,
    "lora_parameters": {
        "rank": 4, "scale": 2.5, "dropout": 0.0,
        "keys": ["self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"],
    },
}
SHAPES = {"self_attn.q_proj": (64, 64), "self_attn.v_proj": (32, 64), "mlp.down_proj": (64, 128)}
LAYERS = (1, 2)  # the last two of three
CASES = {
    "llama/plain": {"plain": {}, "bfloat16": {"dtype": "bfloat16"}},
    "llama/affine4": {"packed_again": {}, "dequantised": {"dequantize": True}},
}
ROWS, COLUMNS = (0, 17, -1), 6


def adapter_tensors() -> dict[str, dict]:
    rank = ADAPTER["lora_parameters"]["rank"]
    table = {}
    for layer in LAYERS:
        for path, (rows, width) in SHAPES.items():
            for part, shape in (("lora_a", [width, rank]), ("lora_b", [rank, rows])):
                name = f"model.layers.{layer}.{path}.{part}"
                table[name] = {"shape": shape, "dtype": "F32", "fill": "weight"}
    return table


def fused(source: pathlib.Path, adapter: pathlib.Path, options: dict):
    """What mlx_lm.fuse does, without a tokenizer."""
    model, _ = utils.load_model(source, lazy=True)
    if dtype := options.get("dtype"):
        model.update(tree_map_with_path(
            lambda _, v: v.astype(getattr(mx, dtype))
            if mx.issubdtype(v.dtype, mx.floating) else v, model.parameters()))
    load_adapters(model, str(adapter))
    dequantize = options.get("dequantize", False)
    layers = [(name, module.fuse(dequantize=dequantize))
              for name, module in model.named_modules() if hasattr(module, "fuse")]
    model.update_modules(tree_unflatten(layers))
    if dequantize:
        model = utils.dequantize_model(model)
    return model


def beginnings(file: pathlib.Path) -> dict[str, list]:
    tensors = mx.load(str(file))
    changed = [f"model.layers.{layer}.{path}." for layer in LAYERS for path in SHAPES]
    found = {}
    for name, value in sorted(tensors.items()):
        if name.startswith(tuple(changed)) and value.dtype != mx.uint32:
            rows = np.array(value.astype(mx.float32))[list(ROWS), :COLUMNS]
            found[name] = [[float(number) for number in row] for row in rows]
    return found


def make(case: str, sets: dict[str, dict]) -> dict:
    table = adapter_tensors()
    out = {"adapter": ADAPTER, "adapter_tensors": table, "rows": list(ROWS), "sets": {}}
    for label, options in sets.items():
        with tempfile.TemporaryDirectory() as place:
            source, adapter, target = (pathlib.Path(place) / name for name in "sat")
            source.mkdir()
            adapter.mkdir()
            conversion.write_source(case, source)
            (adapter / "adapter_config.json").write_text(json.dumps(ADAPTER))
            save_file({name: hash_weights.fill(name, tensor) for name, tensor in table.items()},
                      adapter / "adapters.safetensors")
            utils.save_model(target, fused(source, adapter, options))
            out["sets"][label] = {
                "options": options,
                "tensors": conversion.digest(target / "model.safetensors"),
                "beginnings": beginnings(target / "model.safetensors"),
            }
    return out


def main() -> None:
    (GOLDEN / "fusion").mkdir(exist_ok=True)
    for case, sets in CASES.items():
        file = GOLDEN / "fusion" / f"{case.replace('/', '.')}.json"
        file.write_text(json.dumps(make(case, sets), indent=1) + "\n")
        print(f"{case}: {', '.join(sets)}")


if __name__ == "__main__":
    main()
