"""`hearth pull`: what it prints and how it ends, and that the model then answers."""

import json
import random
import signal
import time

from conftest import events
from fake_hub import COMMIT, FakeHub

NOISE = random.Random(1).randbytes(6_000_000)
FILES = {"config.json": b'{"model_type":"llama"}', "model.safetensors": NOISE,
         "pytorch_model.bin": b"not wanted", "modeling.py": b"import os"}


def model(**options) -> FakeHub:
    return FakeHub(FILES, lfs=["model.safetensors"], **options)


def test_a_model_is_pulled_listed_and_answers(home, demo_files):
    with FakeHub(demo_files, lfs=["model.safetensors"], repository="tiny/pulled") as hub:
        pulled = home.run(hub, "pull", "tiny/pulled", "--include", "*")
        assert pulled.returncode == 0, pulled.stderr
        assert "hearth run tiny/pulled" in pulled.stdout and home.is_whole(hub)
        listed = json.loads(home.run(hub, "list", "--json").stdout)
        entry = next(entry for entry in listed if entry["id"] == "tiny/pulled")
        assert entry["fault"] == ""
        answer = home.run(hub, "run", "tiny/pulled", "Hello", "--max-tokens", "4")
        assert answer.returncode == 0 and answer.stdout.strip()


def test_only_what_is_wanted_comes(home):
    with model() as hub:
        assert home.run(hub, "pull", "org/model").returncode == 0
        names = {file.name for file in home.snapshot(hub).iterdir()}
        assert names == {"config.json", "model.safetensors"}
        assert home.run(hub, "pull", "org/model", "--include", "*.bin", "--include", "*.json",
                        "--exclude", "config*").returncode == 0
        names = {file.name for file in home.snapshot(hub).iterdir()}
        assert names == {"config.json", "model.safetensors", "pytorch_model.bin"}


def test_lines_in_a_pipe(home):
    with model() as hub:
        pulled = home.run(hub, "pull", "org/model")
        assert f"org/model main ({COMMIT[:7]}): 2 files, 6.0 MB" in pulled.stdout
        assert "  config.json\n" in pulled.stdout and "100 %" in pulled.stdout
        assert "\x1b" not in pulled.stdout and pulled.stderr == ""
        assert "all here" in home.run(hub, "pull", "org/model").stdout


def test_json_lines(home):
    with model() as hub:
        told = events(home.run(hub, "pull", "org/model", "--json").stdout)
        assert told[0]["status"] == "planned" and told[0]["missing"] == told[0]["bytes"]
        assert all(line["status"] == "downloading" for line in told[1:-1])
        finished = [path for line in told[1:-1] for path in line["finished"]]
        assert sorted(finished) == ["config.json", "model.safetensors"]
        assert told[-1]["status"] == "success" and told[-1]["fetched"] == told[-1]["bytes"]
        again = events(home.run(hub, "pull", "org/model", "--json").stdout)
        assert again[0]["missing"] == 0 and again[-1]["fetched"] == 0


def test_ctrl_c_keeps_what_is_here_and_says_how_to_go_on(home):
    with model(bytes_per_s=3_000_000) as hub:
        process = home.start(hub, "pull", "org/model")
        while hub.sent < 2_000_000:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 130 and "hearth pull org/model goes on" in out
        assert len(home.partial_files()) == 2
        hub.pace = None
        assert home.run(hub, "pull", "org/model").returncode == 0
        assert home.is_whole_of(hub, "model.safetensors") and home.partial_files() == []
        # What each of the eight connections had of its last block came twice, and no more.
        assert hub.sent <= len(NOISE) + 8 * (256 + 128) * 1024


def test_ctrl_c_may_remove_what_is_not_whole(home):
    with model(bytes_per_s=3_000_000) as hub:
        process = home.start(hub, "pull", "org/model", "--no-partial", "--json")
        while hub.sent < 1_000_000:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 130 and home.partial_files() == []
        assert events(out)[-1] == {"status": "stopped", "model": "org/model", "kept": False}


def test_cut_lines_are_taken_up_again(home):
    with model(cuts=0.5) as hub:
        pulled = home.run(hub, "pull", "org/model")
        assert pulled.returncode == 0, pulled.stderr
        assert home.is_whole_of(hub, "model.safetensors")


def test_refusals_name_the_cause_and_the_remedy(home):
    with model(token="hf_right") as hub:
        gated = home.run(hub, "pull", "org/model")
        assert gated.returncode == 1 and "gated" in gated.stderr and "HF_TOKEN" in gated.stderr
        assert home.run(hub, "pull", "org/model", HF_TOKEN="hf_right").returncode == 0
        assert hub.faults == []
        other = home.run(hub, "pull", "org/other", "--json", HF_TOKEN="hf_right")
        assert other.returncode == 1 and events(other.stdout)[-1]["code"] == "not_found"
        assert home.run(hub, "pull", "no model", HF_TOKEN="hf_right").returncode == 1
        offline = home.run(hub, "pull", "org/model", HF_HUB_OFFLINE="1")
        assert offline.returncode == 1 and "HF_HUB_OFFLINE" in offline.stderr


def test_proxies_of_the_environment_are_used(home):
    """The fake Hub as the proxy to a server whose name nobody else knows."""
    with FakeHub({"config.json": b"{}"}) as hub:
        ways = {"http_proxy": hub.hub.url, "HF_ENDPOINT": "http://hub.invalid"}
        pulled = home.run(hub, "pull", "org/model", **ways)
        assert pulled.returncode == 0, pulled.stderr
        assert home.is_whole(hub)
        direct = home.run(hub, "pull", "org/model", **ways, no_proxy="hub.invalid")
        assert direct.returncode == 1 and "hub.invalid" in direct.stderr


def test_two_programs_at_once_fetch_once(home):
    with model(bytes_per_s=6_000_000) as hub:
        both = [home.start(hub, "pull", "org/model") for _ in range(2)]
        for process in both:
            _, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
        assert home.is_whole_of(hub, "model.safetensors") and hub.sent == len(NOISE)
