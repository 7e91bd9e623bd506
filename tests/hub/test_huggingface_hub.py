"""One cache for all: huggingface_hub reads what we fetched, and we read what it fetched."""

import random
import subprocess
import sys

import pytest
from conftest import events
from fake_hub import COMMIT, FakeHub

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not in the tests' environment")

FILES = {"config.json": b'{"model_type":"llama"}', "sub/tokenizer.json": b"{}",
         "model.safetensors": random.Random(2).randbytes(2_500_000)}


@pytest.fixture
def hub():
    with FakeHub(FILES, lfs=["model.safetensors"]) as hub:
        yield hub


def ask_huggingface_hub(home, hub, expression: str) -> str:
    """What an expression over huggingface_hub prints, in a process with that home."""
    script = f"import huggingface_hub; print({expression})"
    environment = home.environment(hub, HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1",
                                   HF_HUB_DISABLE_PROGRESS_BARS="1")
    asked = subprocess.run([sys.executable, "-c", script], env=environment, text=True,
                           capture_output=True, timeout=120, check=False)
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.strip()


def test_it_reads_what_we_fetched(home, hub):
    assert home.run(hub, "pull", "org/model").returncode == 0
    folder = ask_huggingface_hub(
        home, hub, "huggingface_hub.snapshot_download('org/model', local_files_only=True)")
    assert folder == str(home.snapshot(hub))
    for path in FILES:
        file = ask_huggingface_hub(
            home, hub, f"huggingface_hub.hf_hub_download('org/model', '{path}', "
                       "local_files_only=True)")
        assert file == str(home.snapshot(hub) / path)
    sent = hub.sent
    ask_huggingface_hub(home, hub, "huggingface_hub.snapshot_download('org/model')")
    assert hub.sent == sent, "it found everything, and fetched nothing"
    found = ask_huggingface_hub(
        home, hub, "[(repo.repo_id, revision.commit_hash, sorted(revision.refs)) "
                   "for repo in huggingface_hub.scan_cache_dir().repos "
                   "for revision in repo.revisions]")
    assert found == str([("org/model", COMMIT, ["main"])])


def test_we_read_what_it_fetched(home, hub):
    ask_huggingface_hub(home, hub, "huggingface_hub.snapshot_download('org/model')")
    assert home.is_whole(hub)
    told = events(home.run(hub, "pull", "org/model", "--json").stdout)
    assert told[0]["missing"] == 0
    assert told[-1]["status"] == "success" and told[-1]["fetched"] == 0
    assert "org/model" in home.run(hub, "list").stdout
