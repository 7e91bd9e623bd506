"""`hearth convert`: what it says, what it leaves behind, what it refuses."""

import json
import shutil
import signal
import subprocess

import pytest
from checkpoints import (
    copy_of,
    edit_json,
    published_story,
    read_safetensors,
    slow_stories,
    write_safetensors,
)
from server import PROGRAM, environment, eventually, hearth


@pytest.fixture
def source(stories_folder, tmp_path):
    return copy_of(stories_folder, tmp_path / "stories")


def convert(home, source, *flags):
    return hearth("convert", str(source), *flags, home=home)


def tensors(folder):
    return read_safetensors(folder / "model.safetensors")[0]


def test_tells_what_stays_plain_and_why(home, source):
    done = convert(home, source, "--bits", "8")
    assert done.returncode == 0, done.stderr
    assert "model.layers.*.mlp.down_proj [64, 172], 5 of them: 172 is not divisible by the " \
           "group size 64, nor by 32" in done.stdout
    assert "Memory at its peak" in done.stdout
    made = home / "models" / "stories-8bit"
    config = json.loads((made / "config.json").read_text())
    assert config["quantization"] == {"group_size": 64, "bits": 8, "mode": "affine"}
    assert config["quantization_config"] == config["quantization"]
    found = tensors(made)
    assert found["model.layers.0.mlp.down_proj.weight"]["dtype"] == "F32"
    assert found["model.layers.0.mlp.up_proj.weight"]["shape"] == [172, 16]
    index = json.loads((made / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"]) == set(found) - {"__metadata__"}
    assert "library_name: mlx" in (made / "README.md").read_text()
    assert (made / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()
    assert not list((home / "models").glob(".*"))


def test_tells_the_same_story(home, source):
    assert convert(home, source, "--bits", "8").returncode == 0
    told = hearth("run", "stories-8bit", "Once upon a time", "--temperature", "0",
                  "--max-tokens", "40", "--json", home=home)
    plain = hearth("run", str(source), "Once upon a time", "--temperature", "0",
                   "--max-tokens", "40", "--json", home=home)
    assert told.returncode == plain.returncode == 0, told.stderr + plain.stderr
    answers = [json.loads(each.stdout)["content"] for each in (told, plain)]
    assert answers[0][:40] == answers[1][:40]
    assert answers[1].strip() in published_story()


def test_a_dry_run_writes_nothing(home, source):
    done = convert(home, source, "--dry-run", "--json")
    summary = json.loads(done.stdout)
    assert summary["how"] == "4 bits in groups of 64" and summary["parameters"] == 260_032
    assert not (home / "models").exists()


def test_asks_before_it_replaces(home, source, tmp_path):
    out = tmp_path / "made"
    assert convert(home, source, "--out", str(out)).returncode == 0
    refused = convert(home, source, "--out", str(out))
    assert refused.returncode == 1 and "--force replaces it" in refused.stderr
    assert convert(home, source, "--out", str(out), "--bits", "8", "--force").returncode == 0
    assert json.loads((out / "config.json").read_text())["quantization"]["bits"] == 8
    other = tmp_path / "letters"
    other.mkdir()
    (other / "letter.txt").write_text("Dear ...")
    kept = convert(home, source, "--out", str(other), "--force")
    assert kept.returncode == 1 and "no model folder" in kept.stderr
    assert (other / "letter.txt").exists()


def test_goes_on_only_with_the_same_conversion(home, source, tmp_path):
    hidden = tmp_path / ".made.converting"
    hidden.mkdir()
    (hidden / "conversion.json").write_text('{"conversion": "another", "files": {}}')
    (hidden / "model.safetensors").write_bytes(b"half")
    done = convert(home, source, "--out", str(tmp_path / "made"))
    assert done.returncode == 0 and "starting over" in done.stdout
    assert not hidden.exists() and len(tensors(tmp_path / "made")) > 1


def test_a_killed_conversion_leaves_no_model_and_can_be_done_again(home, tmp_path):
    source = slow_stories(tmp_path / "deep", layers=600)
    target, undisturbed = tmp_path / "made", tmp_path / "undisturbed"
    half = tmp_path / ".made.converting" / "model.safetensors"
    process = subprocess.Popen([PROGRAM, "convert", str(source), "--out", str(target)],
                               env=environment(home), stdout=subprocess.DEVNULL)
    eventually(lambda: half.exists() and half.stat().st_size > 1_000_000)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not target.exists()
    for out in (target, undisturbed):
        assert convert(home, source, "--out", str(out)).returncode == 0
    assert not half.parent.exists()
    for file in undisturbed.iterdir():
        assert (target / file.name).read_bytes() == file.read_bytes(), file.name


def test_back_and_forth(home, source, tmp_path):
    packed, again, plain = (tmp_path / name for name in ("packed", "again", "plain"))
    assert convert(home, source, "--bits", "8", "--out", str(packed)).returncode == 0
    refused = convert(home, packed, "--bits", "4", "--out", str(again))
    assert refused.returncode == 1 and "--requantize" in refused.stderr
    assert convert(home, packed, "--requantize", "--out", str(again)).returncode == 0
    assert convert(home, packed, "--dequantize", "--out", str(plain)).returncode == 0
    assert "quantization" not in json.loads((plain / "config.json").read_text())
    assert tensors(plain)["model.layers.0.mlp.up_proj.weight"]["dtype"] == "F32"


@pytest.mark.parametrize(("flags", "said"), [
    (("--bits", "7"), "affine has no 7 bits (it has 2, 3, 4, 5, 6, 8; 16 packs nothing)"),
    (("--group", "48"), "affine has no groups of 48"),
    (("--mode", "int4"), "there is no mode \"int4\""),
    (("--recipe", "mixed_9"), "there is no recipe \"mixed_9\""),
    (("--dtype", "f16"), "there is no dtype \"f16\""),
    (("--dequantize",), "nothing to dequantize"),
    (("--group", "128"), "nothing in it can be packed so"),
])
def test_says_what_there_is(home, source, flags, said):
    done = convert(home, source, *flags)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert not (home / "models").exists()


def test_refuses_packings_by_name(home, source):
    edit_json(source / "config.json", quantization_config={"quant_method": "gptq", "bits": 4})
    done = convert(home, source)
    assert done.returncode == 1 and "gptq" in done.stderr and "config.json" in done.stderr


def test_numbers_that_are_none_are_not_packed(home, source):
    header, data = read_safetensors(source / "model.safetensors")
    begin, _ = header["model.layers.1.mlp.up_proj.weight"]["data_offsets"]
    broken = data[:begin] + b"\x00\x00\xc0\x7f" + data[begin + 4:]
    write_safetensors(source / "model.safetensors", header, broken)
    done = convert(home, source)
    assert done.returncode == 1 and "model.layers.1.mlp.up_proj.weight" in done.stderr
    assert not (home / "models" / "stories-4bit").exists()


def test_a_cut_file_is_told_of(home, source):
    whole = (source / "model.safetensors").read_bytes()
    (source / "model.safetensors").write_bytes(whole[:-100])
    done = convert(home, source)
    assert done.returncode == 1 and "model.safetensors" in done.stderr
    shutil.rmtree(source)
    assert "NotFound" not in convert(home, source).stderr


def test_to_gguf_and_back(home, source, tmp_path):
    made = tmp_path / "stories.gguf"
    done = convert(home, source, "--to", "gguf", "--type", "f32", "--out", str(made))
    assert done.returncode == 0, done.stderr
    assert made.read_bytes()[:4] == b"GGUF"
    again = convert(home, source, "--to", "gguf", "--out", str(made))
    assert again.returncode != 0
    assert "is there already; --force replaces it" in again.stderr
    done = convert(home, made, "--bits", "16", "--json")
    assert done.returncode == 0, done.stderr
    folder = home / "models" / "stories-plain"
    assert json.loads(done.stdout)["folder"] == str(folder)
    story = [
        json.loads(hearth("run", str(model), "Once upon a time", "--temperature", "0",
                          "--max-tokens", "40", "--json", home=home).stdout)["content"]
        for model in (source, folder)
    ]
    assert story[0] == story[1]


def test_says_what_gguf_cannot_have(home, source, tmp_path):
    made = str(tmp_path / "x.gguf")
    packed = convert(home, source, "--to", "gguf", "--bits", "4", "--out", made)
    assert "--to gguf goes with --type" in packed.stderr
    kind = convert(home, source, "--to", "gguf", "--type", "q3_k", "--out", made)
    assert "there is no type \"q3_k\"" in kind.stderr
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(range(60)))
    assert "broken.gguf: is a GGUF file of version" in convert(home, broken).stderr
