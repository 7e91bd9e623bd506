"""The golden cases: one tiny checkpoint each, one module per family.

A module is named as the file under src/models/arch and holds CASES: case name to config, in the
config dialect of the Hugging Face Hub (v4). A case may say how its weights are stored:
`torch_dtype` for plain tensors, `quantization` exactly as an mlx-community config has it (per-layer
entries, `false` for a plain layer, a null group size), `quantization_config` as publishers have it.
It lies under its `model_type`.
"""

import importlib
import pkgutil


def _collect() -> dict[str, dict]:
    every = {}
    for module in pkgutil.iter_modules(__path__):
        family = importlib.import_module(f"{__name__}.{module.name}")
        for case, config in getattr(family, "CASES", {}).items():
            every[f"{config['model_type']}/{case}"] = config
    return every


CASES = _collect()
