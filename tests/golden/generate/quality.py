"""Measures the demo model against a 4-bit copy of it with transformers and numpy.

    python tests/golden/generate/quality.py

Needs mlx (for unpacking and packing alone), torch and transformers. Reads the text out of
src/quality/built_in_text.cpp and writes tests/golden/quality/hearth-demo-4bit.json.
"""

import json
import pathlib
import re
import tempfile

import mlx.core as mx
import numpy as np
import torch
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

ROOT = pathlib.Path(__file__).resolve().parents[3]
DEMO = ROOT / "assets" / "hearth-demo"
WINDOW, TOKENS, GROUP = 512, 1536, 64


def text() -> str:
    source = (ROOT / "src" / "quality" / "built_in_text.cpp").read_text()
    return re.search(r'R"text\((.*)\)text"', source, re.DOTALL)[1]


def plain(tensors: dict, bits: int) -> dict[str, np.ndarray]:
    """Float32 weights of the model when its matrices are stored in so many bits."""
    made = {}
    for name, value in tensors.items():
        if name.endswith((".scales", ".biases")):
            continue
        layer = name.removesuffix(".weight")
        if layer + ".scales" not in tensors:
            made[name] = np.array(value.astype(mx.float32))
            continue
        parts = (value, tensors[layer + ".scales"], tensors[layer + ".biases"])
        if bits != 8:
            parts = mx.quantize(mx.dequantize(*parts, group_size=GROUP, bits=8), GROUP, bits)
        codes, *floats = parts
        wide = [each.astype(mx.float32) for each in floats]
        made[name] = np.array(mx.dequantize(codes, *wide, group_size=GROUP, bits=bits))
    return made


def logits(weights: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    config = json.loads((DEMO / "config.json").read_text())
    for key in ("quantization", "quantization_config"):
        config.pop(key)
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "config.json").write_text(json.dumps(config | {"torch_dtype": "float32"}))
        save_file(weights, place / "model.safetensors", metadata={"format": "pt"})
        model = AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32).eval()
    rows = []
    for at in range(0, len(ids), WINDOW):
        with torch.no_grad():
            found = model(torch.tensor([ids[at:at + WINDOW]])).logits[0]
        rows.append(torch.log_softmax(found.double(), -1).numpy()[:-1])
    return np.concatenate(rows)


def main() -> None:
    ids = Tokenizer.from_file(str(DEMO / "tokenizer.json")).encode(
        text(), add_special_tokens=False).ids[:TOKENS]
    came = np.concatenate([ids[at + 1:at + WINDOW] for at in range(0, len(ids), WINDOW)])
    tensors = mx.load(str(DEMO / "model.safetensors"))
    reference, other = (logits(plain(tensors, bits), ids) for bits in (8, 4))
    kl = (np.exp(reference) * (reference - other)).sum(-1)
    places = np.arange(len(came))
    figures = {
        "window": WINDOW, "tokens": TOKENS, "predicted_tokens": len(came),
        "first_ids": ids[:8],
        "reference_perplexity": float(np.exp(-reference[places, came].mean())),
        "perplexity": float(np.exp(-other[places, came].mean())),
        "kl_mean": float(kl.mean()), "kl_p99": float(np.quantile(kl, 0.99)),
        "kl_max": float(kl.max()),
        "agreement": float((reference.argmax(-1) == other.argmax(-1)).mean()),
    }
    target = ROOT / "tests" / "golden" / "quality" / "hearth-demo-4bit.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=1) + "\n")
    print(target.read_text())


if __name__ == "__main__":
    main()
