"""Models for the tests: the real stories260K, and what can be wrong with a model folder."""

import array
import json
import pathlib
import random
import shutil
import struct

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "stories260K"
STORIES = SHARED / "hf-f32"
DEMO = ROOT / "assets" / "hearth-demo"


def published_story() -> str:
    """The author's own greedy text, out of his page."""
    page = (SHARED / "published_greedy_story.md").read_text()
    return page.split("-t 0.0\n", 1)[1].split("\n```", 1)[0]


def copy_of(folder: pathlib.Path, target: pathlib.Path) -> pathlib.Path:
    """A copy that may be written, whatever the original's modes are."""
    target.mkdir(parents=True)
    for file in folder.iterdir():
        shutil.copyfile(file, target / file.name)
    return target


def edit_json(file: pathlib.Path, **changes) -> None:
    """Sets members of a JSON file; None takes one away."""
    content = json.loads(file.read_text())
    for name, value in changes.items():
        if value is None:
            content.pop(name, None)
        else:
            content[name] = value
    file.write_text(json.dumps(content))


def read_safetensors(file: pathlib.Path) -> tuple[dict, bytes]:
    raw = file.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8:8 + length]), raw[8 + length:]


def write_safetensors(file: pathlib.Path, header: dict | bytes, data: bytes) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + data)


def slow_stories(target: pathlib.Path, layers: int = 200, context: int = 4096) -> pathlib.Path:
    """stories260K with many more layers that add nothing: the same text, slowly.

    A layer whose two output projections are zero passes its input on unchanged.
    """
    copy_of(STORIES, target)
    header, data = read_safetensors(STORIES / "model.safetensors")
    edit_json(target / "config.json", num_hidden_layers=layers, max_position_embeddings=context)
    edit_json(target / "generation_config.json", max_length=None)
    edit_json(target / "tokenizer_config.json", model_max_length=context)

    made, pieces, offset = {}, [], 0

    def add(name: str, like: dict, content: bytes) -> None:
        nonlocal offset
        made[name] = {"dtype": like["dtype"], "shape": like["shape"],
                      "data_offsets": [offset, offset + len(content)]}
        pieces.append(content)
        offset += len(content)

    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    for name, entry in tensors.items():
        add(name, entry, data[slice(*entry["data_offsets"])])
    for name, entry in tensors.items():
        if not name.startswith("model.layers.0."):
            continue
        content = data[slice(*entry["data_offsets"])]
        if "o_proj" in name or "down_proj" in name:
            content = bytes(len(content))
        for layer in range(5, layers):
            add(name.replace("layers.0.", f"layers.{layer}.", 1), entry, content)
    write_safetensors(target / "model.safetensors", made, b"".join(pieces))
    return target


RANK, ALPHA = 2, 4


def write_adapter(target: pathlib.Path, layer: str, seed: int) -> pathlib.Path:
    """A LoRA adapter for stories260K as PEFT writes it: one kind of layer, random numbers."""
    target.mkdir(parents=True)
    (target / "adapter_config.json").write_text(json.dumps(
        {"peft_type": "LORA", "r": RANK, "lora_alpha": ALPHA, "bias": "none"}))
    header, _ = read_safetensors(STORIES / "model.safetensors")
    numbers, made, data = random.Random(seed), {}, b""
    for name, entry in header.items():
        if not name.endswith(f".{layer}.weight"):
            continue
        rows, columns = entry["shape"]
        for part, shape in (("lora_A", [RANK, columns]), ("lora_B", [rows, RANK])):
            values = array.array("f", (numbers.gauss(0, 0.4)
                                       for _ in range(shape[0] * shape[1])))
            key = f"base_model.model.{name.removesuffix('weight')}{part}.weight"
            made[key] = {"dtype": "F32", "shape": shape,
                         "data_offsets": [len(data), len(data) + 4 * len(values)]}
            data += values.tobytes()
    write_safetensors(target / "adapter_model.safetensors", made, data)
    return target


def merged_stories(target: pathlib.Path, adapters: list[tuple[pathlib.Path, float]]) -> None:
    """stories260K with adapters added to its weights, each times a scale: W + s (alpha / r) B A."""
    copy_of(STORIES, target)
    header, data = read_safetensors(STORIES / "model.safetensors")
    merged = bytearray(data)
    for folder, scale in adapters:
        parts, values = read_safetensors(folder / "adapter_model.safetensors")

        def numbers(name: str) -> array.array:
            return array.array("f", values[slice(*parts[name]["data_offsets"])])

        for name in (name for name in parts if name.endswith("lora_A.weight")):
            down, up = numbers(name), numbers(name.replace("lora_A", "lora_B"))
            weight = name.removeprefix("base_model.model.").replace("lora_A.", "")
            rows, columns = header[weight]["shape"]
            begin, end = header[weight]["data_offsets"]
            summed = array.array("f", merged[begin:end])
            for i in range(rows):
                for j in range(columns):
                    product = sum(up[i * RANK + k] * down[k * columns + j] for k in range(RANK))
                    summed[i * columns + j] += scale * ALPHA / RANK * product
            merged[begin:end] = summed.tobytes()
    write_safetensors(target / "model.safetensors", header, bytes(merged))
