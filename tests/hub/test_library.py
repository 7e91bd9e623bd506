"""`hearth list|show|check|alias|du|rm` and the management API over what `hearth pull` fetched."""

import json
import random
import struct

import pytest
from conftest import Home
from fake_hub import FakeHub
from test_downloads import Server

VALUES = 400_000
HEADER = json.dumps({"model.embed_tokens.weight": {
    "dtype": "BF16", "shape": [1000, VALUES // 1000], "data_offsets": [0, 2 * VALUES]}}).encode()
WEIGHTS = struct.pack("<Q", len(HEADER)) + HEADER + random.Random(5).randbytes(2 * VALUES)
CONFIG = {"model_type": "llama", "num_hidden_layers": 4, "num_attention_heads": 4,
          "num_key_value_heads": 2, "head_dim": 64, "hidden_size": 256, "vocab_size": 1000,
          "max_position_embeddings": 4096, "torch_dtype": "bfloat16"}
FILES = {"config.json": json.dumps(CONFIG).encode(), "model.safetensors": WEIGHTS,
         "README.md": b"---\nlicense: mit\n---\n# A model\n",
         "chat_template.jinja": b"{% if tools %}{% endif %}{{ enable_thinking }}"}


@pytest.fixture
def hub():
    with FakeHub(FILES, lfs=["model.safetensors"]) as hub:
        yield hub


@pytest.fixture
def pulled(home, hub) -> Home:
    told = home.run(hub, "pull", "org/model")
    assert told.returncode == 0, told.stderr
    assert "This machine: fits" in told.stdout
    return home


def told_json(home, hub, *arguments: str):
    told = home.run(hub, *arguments, "--json")
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_show_tells_what_was_read(pulled, hub):
    shown = told_json(pulled, hub, "show", "org/model")
    assert shown["kind"] == "text"
    assert shown["parameters"] == VALUES
    assert shown["license"] == "mit"
    assert shown["capabilities"] == ["tools", "thinking"]
    assert shown["memory"]["weight_bytes"] == 2 * VALUES
    assert shown["memory"]["kv_bytes_per_1k_tokens"] == 1000 * 2 * 4 * 2 * 64 * 2
    assert shown["fit"]["verdict"] == "fits"
    assert (shown["unsupported"], shown["fault"]) == ("", "")
    assert "licence       mit" in pulled.run(hub, "show", "org/model").stdout


def test_a_family_that_cannot_be_run_is_told(home):
    files = FILES | {"config.json": json.dumps(CONFIG | {"model_type": "zebra"}).encode()}
    with FakeHub(files, lfs=["model.safetensors"]) as hub:
        assert home.run(hub, "pull", "org/model").returncode == 0
        assert "zebra" in told_json(home, hub, "show", "org/model")["unsupported"]
        assert "not supported" in home.run(hub, "list").stdout


def test_check_finds_damage_and_repairs_that_alone(pulled, hub):
    whole = pulled.run(hub, "check", "org/model")
    assert whole.returncode == 0 and "nothing is wrong" in whole.stdout
    blob = (pulled.snapshot(hub) / "model.safetensors").resolve()
    content = bytearray(blob.read_bytes())
    content[VALUES] ^= 1
    blob.write_bytes(content)
    damaged = pulled.run(hub, "check", "org/model")
    assert damaged.returncode == 1
    assert "model.safetensors is damaged" in damaged.stdout
    assert "--repair" in damaged.stderr
    sent = hub.sent
    repaired = pulled.run(hub, "check", "org/model", "--repair")
    assert repaired.returncode == 0, repaired.stderr
    assert pulled.is_whole(hub)
    assert hub.sent - sent == len(WEIGHTS), "nothing else was fetched"


def test_a_missing_file_is_fetched_anew(pulled, hub):
    (pulled.snapshot(hub) / "model.safetensors").resolve().unlink()
    assert "is missing" in pulled.run(hub, "check", "org/model").stdout
    assert pulled.run(hub, "check", "org/model", "--repair").returncode == 0
    assert pulled.is_whole(hub)


def test_aliases_name_models(pulled, hub):
    assert pulled.run(hub, "alias", "fast", "org/model").returncode == 0
    assert told_json(pulled, hub, "show", "FAST")["id"] == "org/model"
    assert "fast" in pulled.run(hub, "alias").stdout
    assert pulled.run(hub, "alias", "../x", "org/model").returncode == 1
    assert pulled.run(hub, "alias", "fast", "--remove").returncode == 0
    assert pulled.run(hub, "show", "fast").returncode == 1


def test_du_and_rm_account_for_the_bytes(pulled, hub):
    usage = next(entry for entry in told_json(pulled, hub, "du")["models"]
                 if entry["id"] == "org/model")
    assert usage["bytes"] >= len(WEIGHTS)
    asked = pulled.run(hub, "rm", "org/model")
    assert asked.returncode == 1 and "--yes" in asked.stderr
    slip = pulled.run(hub, "rm", "model", "--yes")
    assert slip.returncode == 1 and "in full" in slip.stderr
    assert pulled.run(hub, "rm", "org/model", "--yes").returncode == 0
    assert not list(pulled.cache.glob("models--*"))
    assert pulled.run(hub, "show", "org/model").returncode == 1


def test_one_revision_goes_alone(pulled, hub):
    other = pulled.snapshot(hub).parent / ("d" * 40)
    other.mkdir()
    for name in ("config.json", "model.safetensors"):
        (other / name).symlink_to((pulled.snapshot(hub) / name).readlink())
    assert pulled.run(hub, "rm", "org/model", "--revision", "dddd", "--yes").returncode == 0
    assert not other.exists()
    assert pulled.is_whole(hub)


def test_the_api_lists_shows_and_deletes(pulled, hub):
    with Server(pulled, hub) as server:
        models = server.get("/admin/api/models")["models"]
        entry = next(entry for entry in models if entry["id"] == "org/model")
        assert (entry["state"], entry["parameters"]) == ("unloaded", VALUES)
        assert server.get("/admin/api/models/org/model")["place"] == "hub"
        assert server.get("/admin/api/discover/org/model")["fit"]["verdict"] == "fits"
        system = server.get("/admin/api/system")
        assert system["memory"]["total_bytes"] > system["memory"]["model_budget_bytes"] > 0
        assert system["version"] and system["disks"][0]["free_bytes"] > 0
        status, problem = server.ask("DELETE", "/admin/api/models/model")
        assert status == 404 and "in full" in problem["detail"]
        status, _ = server.ask("DELETE", "/admin/api/models/hearth-demo")
        assert status in (400, 403), "it is in memory, or came with the program"
        status, removed = server.ask("DELETE", "/admin/api/models/org/model")
        assert (status, removed["removed"]) == (200, True)
        assert removed["freed_bytes"] >= len(WEIGHTS)
        assert server.ask("GET", "/admin/api/models/org/model")[0] == 404
