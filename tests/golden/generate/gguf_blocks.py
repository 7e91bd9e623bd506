"""Small goldens for GGUF, by the reference package `gguf` (numpy alone).

    python tests/golden/generate/gguf_blocks.py

Needs gguf 0.19. Writes under tests/golden/gguf:

    blocks.json  per kind of storage a few blocks of random bits and the numbers they stand for, and
                 what the kinds that Hearth writes make of random numbers; all bytes in hexadecimal
    small.gguf   a file with a value of every type and tensors of four kinds
"""

import json
import pathlib

import gguf
import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "gguf"
PLAIN = ["F32", "F16", "BF16"]
WRITTEN = ["F16", "BF16", "Q8_0", "Q4_0"]
# Where a block's half-precision scales lie.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}
KINDS = [*PLAIN, *SCALES]


def random_blocks(random: np.random.Generator, kind: str) -> np.ndarray:
    """[blocks, bytes]: random bits, but scales that are ordinary numbers."""
    block, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
    if block == 1:
        numbers = random.standard_normal(64).astype(np.float32)
        return gguf.quants.quantize(numbers, gguf.GGMLQuantizationType[kind]).view(np.uint8)[None]
    blocks = random.integers(0, 256, (3 if block < 256 else 2, size), dtype=np.uint8)
    for at in SCALES[kind]:
        scales = random.uniform(-2, 2, len(blocks)).astype(np.float16)
        blocks[:, at : at + 2] = scales.view(np.uint8).reshape(-1, 2)
    return blocks


def blocks_of_all_kinds(random: np.random.Generator) -> dict:
    kinds = {}
    for kind in KINDS:
        blocks = random_blocks(random, kind)
        numbers = gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType[kind])
        kinds[kind] = {
            "blocks": blocks.tobytes().hex(),
            "numbers": numbers.astype(np.float32).tobytes().hex(),
        }
    return kinds


def rounded(random: np.random.Generator) -> dict:
    """Numbers of many sizes; one block of zeros, and one whose largest are equal but for the sign."""
    numbers = random.standard_normal((6, 32)).astype(np.float32)
    numbers[1] *= np.float32(1e-3)
    numbers[2] = 0
    numbers[3] = np.where(np.arange(32) % 2, 0.75, -0.75)
    numbers[4] *= np.float32(300)
    made = {"numbers": numbers.tobytes().hex()}
    for kind in WRITTEN:
        blocks = gguf.quants.quantize(numbers, gguf.GGMLQuantizationType[kind])
        made[kind] = blocks.tobytes().hex()
    return made


def write_small_file(path: pathlib.Path) -> None:
    writer = gguf.GGUFWriter(path, "test")
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -100)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4000000000)
    writer.add_int32("test.i32", -2000000000)
    writer.add_uint64("test.u64", 2**63 + 5)
    writer.add_int64("test.i64", -(2**62))
    writer.add_float32("test.f32", 0.5)
    writer.add_float64("test.f64", 0.1)
    writer.add_bool("test.true", True)
    writer.add_string("test.text", "gr\u00fc\u00df dich")
    writer.add_array("test.numbers", [3, -1, 4])
    writer.add_array("test.texts", ["a", "", "\u2581b"])
    writer.add_array("test.nested", [[1, 2], [3]])
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    writer.add_tensor("matrix", matrix)
    writer.add_tensor("half", np.arange(4).astype(np.float16) / 4)
    wide = (np.arange(128, dtype=np.float32).reshape(2, 64) - 64) / 8
    for name, kind in [("wide.bf16", "BF16"), ("wide.q8", "Q8_0")]:
        kind = gguf.GGMLQuantizationType[kind]
        writer.add_tensor(name, gguf.quants.quantize(wide, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    random = np.random.default_rng(20261122)
    golden = {"kinds": blocks_of_all_kinds(random), "rounded": rounded(random)}
    (FOLDER / "blocks.json").write_text(json.dumps(golden, indent=1) + "\n")
    write_small_file(FOLDER / "small.gguf")


if __name__ == "__main__":
    main()
