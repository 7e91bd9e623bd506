"""Model folders that are not what they should be: each has its designed error, the server lives."""

import json
import struct

import checkpoints
import pytest
from conftest import MODEL
from server import Server, hearth

WEIGHTS = "model.safetensors"


def truncated(folder):
    file = folder / WEIGHTS
    file.write_bytes(file.read_bytes()[:200_000])


def cut_in_the_header(folder):
    file = folder / WEIGHTS
    file.write_bytes(file.read_bytes()[:100])


def empty_file(folder):
    (folder / WEIGHTS).write_bytes(b"")


def header_longer_than_the_file(folder):
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", 2**63) + b"{}")


def header_is_no_json(folder):
    _, data = checkpoints.read_safetensors(folder / WEIGHTS)
    checkpoints.write_safetensors(folder / WEIGHTS, b'{"model.norm.weight": {"dtype', data)


def change_entry(folder, **changes):
    header, data = checkpoints.read_safetensors(folder / WEIGHTS)
    header["model.norm.weight"] |= changes
    checkpoints.write_safetensors(folder / WEIGHTS, header, data)


def offsets_beyond_the_data(folder):
    change_entry(folder, data_offsets=[2**40, 2**40 + 256])


def offsets_run_backwards(folder):
    change_entry(folder, data_offsets=[256, 0])


def negative_offsets(folder):
    change_entry(folder, data_offsets=[-256, 0])


def shape_that_does_not_fit_the_bytes(folder):
    change_entry(folder, shape=[2**31, 2**31, 2**31])


def unknown_number_format(folder):
    change_entry(folder, dtype="F99")


def missing_tensor(folder):
    header, data = checkpoints.read_safetensors(folder / WEIGHTS)
    header["something.else"] = header.pop("model.layers.2.mlp.up_proj.weight")
    checkpoints.write_safetensors(folder / WEIGHTS, header, data)


def hole_in_the_data(folder):
    header, data = checkpoints.read_safetensors(folder / WEIGHTS)
    del header["model.layers.2.mlp.up_proj.weight"]
    checkpoints.write_safetensors(folder / WEIGHTS, header, data)


def no_weights(folder):
    (folder / WEIGHTS).unlink()


def unknown_architecture(folder):
    checkpoints.edit_json(folder / "config.json", model_type="flux_capacitor",
                          architectures=["FluxCapacitorForCausalLM"])


def unsupported_rope(folder):
    checkpoints.edit_json(folder / "config.json",
                          rope_scaling={"rope_type": "wobbly", "factor": 2.0})


def wrong_width(folder):
    checkpoints.edit_json(folder / "config.json", hidden_size=128)


def config_is_no_json(folder):
    (folder / "config.json").write_text('{"model_type": "llama",')


def no_tokenizer(folder):
    (folder / "tokenizer.json").unlink()


def tokenizer_is_no_json(folder):
    (folder / "tokenizer.json").write_text("{")


DAMAGES = {
    truncated: (WEIGHTS,),
    cut_in_the_header: (WEIGHTS,),
    empty_file: (WEIGHTS,),
    header_longer_than_the_file: (WEIGHTS,),
    header_is_no_json: (WEIGHTS,),
    offsets_beyond_the_data: (WEIGHTS, "model.norm.weight"),
    offsets_run_backwards: (WEIGHTS, "model.norm.weight"),
    negative_offsets: (WEIGHTS, "model.norm.weight"),
    shape_that_does_not_fit_the_bytes: (WEIGHTS, "model.norm.weight"),
    unknown_number_format: (WEIGHTS, "model.norm.weight", "F99"),
    hole_in_the_data: (WEIGHTS, "model.layers.2.post_attention_layernorm.weight"),
    missing_tensor: ("model.layers.2.mlp.up_proj",),
    no_weights: ("safetensors",),
    unknown_architecture: ("config.json", "model_type", "flux_capacitor", "llama", "qwen3"),
    unsupported_rope: ("config.json", "wobbly", "llama3"),
    wrong_width: ("weight",),
    config_is_no_json: ("config.json",),
    no_tokenizer: ("tokenizer.json",),
    tokenizer_is_no_json: ("tokenizer.json",),
}


@pytest.fixture(scope="module")
def server(stories_folder, tmp_path_factory):
    """One server whose home holds every damaged model beside a good one."""
    home = tmp_path_factory.mktemp("damaged") / "home"
    checkpoints.copy_of(stories_folder, home / "models" / MODEL)
    for damage in DAMAGES:
        damage(checkpoints.copy_of(stories_folder, home / "models" / damage.__name__))
    with Server(home, "--model", MODEL) as running:
        yield running


@pytest.mark.parametrize("damage, words", DAMAGES.items(), ids=lambda value: getattr(
    value, "__name__", ""))
def test_a_damaged_model_has_its_designed_error(server, damage, words):
    answer = server.post("/v1/completions", {"model": damage.__name__, "prompt": "Once"})
    assert answer.status_code in (400, 500, 503), answer.text
    error = answer.json()["error"]
    assert all(word in error["message"] for word in words), error
    assert error["code"] != "internal_error" and error["code"] != "engine_lost", error
    prefix = f"load {damage.__name__}: "
    assert error["message"].startswith(prefix) and error["message"].count(prefix) == 1, error
    good = server.post("/v1/completions", {"model": MODEL, "prompt": "Once", "max_tokens": 2})
    assert good.status_code == 200


def test_a_streamed_request_to_a_damaged_model_is_a_plain_error(server):
    answer = server.post("/v1/completions",
                         {"model": "truncated", "prompt": "Once", "stream": True})
    assert answer.status_code == 500 and WEIGHTS in answer.json()["error"]["message"]
    assert answer.headers["x-should-retry"] == "false"  # asking again will not mend the file


def test_a_header_fuzzed_at_every_byte_never_takes_the_server_along(server, stories_folder):
    """One model, its header spoilt in another place each time: any answer but a crash will do."""
    folder = checkpoints.copy_of(stories_folder, server.home / "models" / "fuzzed")
    whole = (folder / WEIGHTS).read_bytes()
    (length,) = struct.unpack("<Q", whole[:8])
    for at in list(range(0, 8)) + list(range(8, 8 + length, length // 24)):
        spoilt = bytearray(whole)
        spoilt[at] ^= 0x15
        (folder / WEIGHTS).write_bytes(spoilt)
        answer = server.post("/v1/completions",
                             {"model": "fuzzed", "prompt": "Once", "max_tokens": 1})
        assert answer.status_code in (200, 500), (at, answer.text)
        if answer.status_code != 200:
            error = answer.json()["error"]
            assert error["code"] not in ("internal_error", "engine_lost"), (at, error)
    assert server.get("/healthz").status_code == 200


def test_a_damaged_model_at_start_is_told_and_the_server_lives(stories_folder, tmp_path):
    home = tmp_path / "home"
    truncated(checkpoints.copy_of(stories_folder, home / "models" / "broken"))
    with Server(home, "--model", "broken") as server:
        assert WEIGHTS in server.log
        assert server.get("/healthz").status_code == 200
        assert server.models() == []


def test_the_command_line_says_the_same(stories_folder, tmp_path):
    home = tmp_path / "home"
    unknown_architecture(checkpoints.copy_of(stories_folder, home / "models" / "odd"))
    run = hearth("run", "odd", "Hello", home=home)
    assert run.returncode == 1 and run.stdout == ""
    assert "flux_capacitor" in run.stderr and "config.json" in run.stderr
    entry = next(model for model in json.loads(hearth("list", "--json", home=home).stdout)
                 if model["id"] == "odd")
    assert entry["architecture"] == "flux_capacitor"
