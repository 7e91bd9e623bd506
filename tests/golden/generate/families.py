"""Makes the golden logits of every model family with transformers on the CPU.

    python tests/golden/generate/families.py [FAMILY[/CASE] ...]

Needs torch 2.13 and transformers 5.23. The cases are the modules under cases/.

Writes tests/golden/<model_type>/<case>/: config.json (Hub dialect), config.v5.json (the dialect of
transformers 5), golden.json (tensors and how to fill them, ids, greedy ids) and logits.f32
([ids, vocabulary] float32, little-endian).
"""

import json
import pathlib
import sys
import tempfile

import cases
import hash_weights
import numpy as np
import safetensors
import stored
import torch
import transformers
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).resolve().parent.parent
PROMPT, GREEDY = 16, 8
PACKED = ("quantization", "quantization_config")


def unpacked(config: dict) -> dict:
    """The config of the same model in plain float32: how weights are stored is our business."""
    plain = {k: v for k, v in config.items() if k not in (*PACKED, "torch_dtype", "dtype")}
    return plain | {"dtype" if "dtype" in config else "torch_dtype": "float32"}


def v5_dialect(config: dict) -> dict:
    """The same model as transformers 5 writes it: one rope dict, `dtype`, defaults left out."""
    with tempfile.TemporaryDirectory() as folder:
        settings(config).save_pretrained(folder)
        twin = json.loads((pathlib.Path(folder) / "config.json").read_text())
    twin.pop("transformers_version")
    packed = {k: config[k] for k in PACKED if k in config}
    return twin | packed | {"dtype": config["torch_dtype"]}


def settings(config: dict) -> transformers.PretrainedConfig:
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(unpacked(config)))
        return transformers.AutoConfig.from_pretrained(folder)


def reference_class(chosen: transformers.PretrainedConfig) -> type:
    """Some wrappers of a language model are only known with their vision part."""
    text = transformers.AutoModelForCausalLM
    known = type(chosen) in text._model_mapping
    return text if known else transformers.AutoModelForImageTextToText


def build(config: dict) -> torch.nn.Module:
    """The reference model, float32, unquantised."""
    chosen = settings(config)
    return (
        reference_class(chosen)
        .from_config(chosen, dtype=torch.float32, attn_implementation="eager")
        .eval()
    )


def checkpoint_shapes(model: torch.nn.Module) -> dict[str, list[int]]:
    """Names and shapes as the saved checkpoint spells them, which is what gets hashed."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        with safetensors.safe_open(f"{folder}/model.safetensors", "pt") as saved:
            return {name: list(saved.get_slice(name).get_shape()) for name in saved.keys()}


def load_reference(config: dict, weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    model = build(config)
    with tempfile.TemporaryDirectory() as folder:
        model.config.save_pretrained(folder)
        save_file(weights, f"{folder}/model.safetensors", {"format": "pt"})
        loaded, report = reference_class(model.config).from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation="eager",
            output_loading_info=True,
        )
    assert not report["missing_keys"] and not report["unexpected_keys"], report
    return loaded.eval()


@torch.no_grad()
def logits_of(model: torch.nn.Module, ids: list[int]) -> np.ndarray:
    return model(torch.tensor([ids]), use_cache=False).logits[0].float().numpy()


def greedy(model: torch.nn.Module, ids: list[int]) -> list[int]:
    """Eight steps of arg-max, each a full pass: no cache, no generation settings."""
    ids = list(ids)
    for _ in range(GREEDY):
        ids.append(int(logits_of(model, ids)[-1].argmax()))
    return ids[-GREEDY:]


def margin(logits: np.ndarray) -> float:
    """Smallest lead of a winner over the runner-up, in standard deviations."""
    best = np.sort(logits, axis=-1)
    return float((best[:, -1] - best[:, -2]).min() / logits.std())


def clear_prompt(case: str, model: torch.nn.Module) -> tuple[list[int], np.ndarray]:
    """The first hashed prompt whose arg-max is no near tie anywhere, and its logits."""
    for attempt in range(20):
        words = hash_weights.mixed(f"prompt {attempt} of {case}", PROMPT)
        ids = [int(z % 256) for z in words]
        logits = logits_of(model, ids)
        if margin(logits) > 5e-3:
            return ids, logits
    raise RuntimeError(f"{case}: every prompt has a near tie")


def make(case: str, config: dict) -> None:
    folder = GOLDEN / case
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = stored.Stored(checkpoint_shapes(build(config)), config)
    table, weights = checkpoint.table, checkpoint.dense()
    model = load_reference(config, weights)
    ids, logits = clear_prompt(case, model)
    twin = v5_dialect(config)
    assert np.array_equal(logits, logits_of(load_reference(twin, weights), ids)), case

    golden = {"ids": ids, "greedy": greedy(model, ids), "tensors": table}
    rows = ",\n".join(f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in table.items())
    text = (
        f'{{\n  "ids": {json.dumps(ids)},\n  "greedy": {json.dumps(golden["greedy"])},\n'
        f'  "tensors": {{\n{rows}\n  }}\n}}\n'
    )
    assert json.loads(text) == golden
    (folder / "golden.json").write_text(text)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "config.v5.json").write_text(json.dumps(twin, indent=2) + "\n")
    logits.astype("<f4").tofile(folder / "logits.f32")
    print(f"{case:28} std {logits.std():.3f}  margin {margin(logits):.4f}  {golden['greedy']}")


def main() -> None:
    transformers.utils.logging.disable_progress_bar()
    hash_weights.check()
    wanted = sys.argv[1:] or [""]
    for case, config in cases.CASES.items():
        if any(case == want or case.startswith(want and f"{want}/") for want in wanted):
            make(case, config)


if __name__ == "__main__":
    main()
