"""Converts golden checkpoints with mlx-lm and writes down what comes out.

    python tests/golden/generate/conversion.py [FAMILY/CASE ...]

Needs mlx-lm 0.32. Writes tests/golden/conversion/<family>.<case>.json: for each set of options the
converted tensors (dtype, shape and the first 16 digits of their bytes' SHA-256) and the
`quantization` of the config.
"""

import hashlib
import json
import pathlib
import sys
import tempfile

import hash_weights
import mlx.core as mx
import numpy as np
import stored
import torch
from mlx.utils import tree_map_with_path
from mlx_lm import utils
from mlx_lm.convert import mixed_quant_predicate_builder
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).resolve().parent.parent
AFFINE = {"bits": 4, "group": 32, "mode": "affine", "dtype": "bfloat16"}
SPECIAL = {
    "llama/plain": {
        "default": {"dtype": None},
        "affine2": AFFINE | {"bits": 2},
        "affine3": AFFINE | {"bits": 3, "group": 64},
        "affine5": AFFINE | {"bits": 5, "dtype": "float16"},
        "affine6": AFFINE | {"bits": 6, "dtype": "float32"},
        "affine8": AFFINE | {"bits": 8, "group": 64},
        "mxfp4": AFFINE | {"mode": "mxfp4"},
        "nvfp4": AFFINE | {"mode": "nvfp4", "group": 16},
        "mxfp8": AFFINE | {"mode": "mxfp8", "bits": 8},
        "mixed_2_6": AFFINE | {"recipe": "mixed_2_6"},
        "mixed_3_4": AFFINE | {"recipe": "mixed_3_4"},
        "mixed_3_6": AFFINE | {"recipe": "mixed_3_6"},
        "mixed_4_6": AFFINE | {"recipe": "mixed_4_6"},
    },
    "llama/affine4": {"dequantised": {"dequantize": True}},
    "qwen3/mxfp8": {"dequantised": {"dequantize": True, "dtype": "bfloat16"}},
    "qwen3/affine_mixed": {"dequantised": {"dequantize": True}},
}
# One case of each family, and fields that mlx-lm needs where transformers has defaults.
CASES = {
    "apertus/plain": {"post_norm": True, "qk_norm": True},
    "cohere/plain": {}, "cohere2/plain": {"num_attention_heads": 4, "head_dim": 32},
    "deepseek_v2/yarn": {}, "deepseek_v3/plain": {}, "ernie4_5/plain": {}, "ernie4_5_moe/plain": {},
    "exaone4/hybrid": {}, "gemma/plain": {}, "gemma2/plain": {}, "gemma3_text/plain": {},
    "glm/plain": {}, "glm4/plain": {}, "glm4_moe/plain": {"rope_scaling": None},
    "gpt2/plain": {"n_ctx": 512}, "gpt_neox/plain": {}, "gpt_oss/mxfp4": {}, "granite/plain": {},
    "granitemoe/plain": {}, "granitemoehybrid/experts": {}, "granitemoehybrid/dense": {},
    "helium/plain": {}, "hunyuan_v1_dense/plain": {},
    "lfm2/plain": {"block_dim": 64, "block_multiple_of": 32, "block_ffn_dim_multiplier": 1.0},
    "lfm2_moe/plain": {}, "llama/plain": {}, "llama/tied": {}, "llama/biases": {},
    "minimax_m2/plain": {"shared_intermediate_size": 0}, "minimax_m2/fp8": {
        "shared_intermediate_size": 0},
    "ministral3/plain": {}, "mistral/window": {}, "mistral3/wrapper": {},
    "mistral3/wrapped_mistral": {}, "mixtral/plain": {}, "nemotron/plain": {}, "olmo2/plain": {},
    "olmo3/plain": {}, "olmoe/plain": {}, "phi/plain": {}, "phi3/plain": {}, "phimoe/plain": {},
    "qwen2/plain": {}, "qwen2_moe/plain": {}, "qwen3/plain": {}, "qwen3_moe/plain": {},
    "qwen3_next/plain": {}, "seed_oss/plain": {}, "smollm3/plain": {}, "stablelm/plain": {},
    "starcoder2/plain": {}, "llama/affine4": {}, "qwen3/mxfp8": {}, "qwen3/affine_mixed": {},
}
TORCH = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def write_source(case: str, folder: pathlib.Path) -> None:
    table = json.loads((GOLDEN / case / "golden.json").read_text())["tensors"]
    tensors = {}
    for name, tensor in table.items():
        value = np.ascontiguousarray(hash_weights.fill(name, tensor))
        if tensor["dtype"] == "F8_E4M3":
            tensors[name] = torch.from_numpy(value).view(torch.float8_e4m3fn)
        elif tensor["dtype"] in TORCH:
            tensors[name] = torch.from_numpy(value).to(TORCH[tensor["dtype"]])
        else:
            tensors[name] = torch.from_numpy(value)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text((GOLDEN / case / "config.json").read_text())


def converted(folder: pathlib.Path, options: dict, fields: dict) -> tuple[dict, dict]:
    """What mlx_lm.convert does, without a tokenizer."""
    model, config = utils.load_model(folder, lazy=True, model_config=fields)
    dtype = options.get("dtype") or config.get("torch_dtype")
    if dtype is None:
        dtype = config.get("text_config", {}).get("dtype")
    recipe = options.get("recipe")
    predicate = recipe and mixed_quant_predicate_builder(recipe, model, options["group"])
    if dtype:
        keep = getattr(model, "cast_predicate", lambda _: True)
        model.update(tree_map_with_path(
            lambda k, v: v.astype(getattr(mx, dtype))
            if keep(k) and mx.issubdtype(v.dtype, mx.floating) else v,
            model.parameters(),
        ))
    if "bits" in options:
        model, config = utils.quantize_model(
            model, config, options["group"], options["bits"], mode=options["mode"],
            quant_predicate=predicate,
        )
    if options.get("dequantize"):
        config.pop("quantization", None)
        config.pop("quantization_config", None)
        model = utils.dequantize_model(model)
    return model, config


def digest(file: pathlib.Path) -> dict[str, str]:
    raw = file.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    header.pop("__metadata__", None)
    found = {}
    for name, entry in sorted(header.items()):
        begin, end = entry["data_offsets"]
        data = raw[8 + length + begin:8 + length + end]
        shape = ",".join(map(str, entry["shape"]))
        found[name] = f"{entry['dtype']}[{shape}] {hashlib.sha256(data).hexdigest()[:16]}"
    return found


def make(case: str, sets: dict[str, dict]) -> dict:
    out = {}
    for label, options in sets.items():
        with tempfile.TemporaryDirectory() as place:
            source, target = pathlib.Path(place) / "source", pathlib.Path(place) / "target"
            source.mkdir()
            write_source(case, source)
            model, config = converted(source, options, CASES.get(case, {}))
            utils.save_model(target, model)
            out[label] = {
                "options": {k: v for k, v in options.items() if v is not None},
                "quantization": config.get("quantization"),
                "tensors": digest(target / "model.safetensors"),
            }
    return out


def main() -> None:
    wanted = sys.argv[1:] or list(CASES)
    (GOLDEN / "conversion").mkdir(exist_ok=True)
    for case in wanted:
        packed = json.loads((GOLDEN / case / "config.json").read_text()).get("quantization")
        usual = {} if packed else {"affine4": AFFINE}
        sets = usual | SPECIAL.get(case, {})
        try:
            found = make(case, sets)
        except Exception as error:  # noqa: BLE001
            print(f"{case}: mlx-lm refuses it: {type(error).__name__}: {error}"[:300])
            continue
        file = GOLDEN / "conversion" / f"{case.replace('/', '.')}.json"
        file.write_text(json.dumps(found, indent=1) + "\n")
        print(f"{case}: {', '.join(found)}")


if __name__ == "__main__":
    main()
