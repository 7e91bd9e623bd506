"""Models in memory, over HTTP and from the command line: loading, leaving, pins, limits."""

import json
import os
import pathlib
import signal
import sys
import threading

import pytest
from conftest import MODEL
from server import Server, eventually, hearth

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "soak"))

import loads

DEMO = "hearth-demo"
QUESTION = {"prompt": "Hello", "max_tokens": 3}


@pytest.fixture
def server(home):
    with Server(home) as running:
        yield running


def order(server, what: str, model: str = DEMO, **body) -> dict:
    answer = server.post(f"/admin/api/models/{model}/{what}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pool(server) -> dict[str, dict]:
    return {model["id"]: model for model in server.get("/admin/api/pool").json()["models"]}


def put(server, limits: dict):
    with server.http() as client:
        return client.put("/admin/api/pool", json=limits)


def test_a_model_is_unloaded_and_loaded_by_order(server):
    worker = server.worker(DEMO)
    assert order(server, "unload")["outcome"] == "unloaded"
    assert eventually(lambda: not pathlib.Path(f"/proc/{worker}").exists())
    assert server.get(f"/admin/api/models/{DEMO}").json()["state"] == "unloaded"
    loaded = order(server, "load", keep_alive="10m")
    assert loaded["state"] == "loaded" and loaded["process"] != worker
    assert 590 <= loaded["expires_s"] <= 600
    assert loaded["memory"]["planned_bytes"] > loaded["memory"]["kv_bytes"] > 0


def test_memory_is_measured_and_known_after_a_restart(home):
    with Server(home) as server:
        measured = eventually(lambda: pool(server)[DEMO]["memory"]["measured_bytes"])
        assert measured > 2**20
        assert pool(server)[DEMO]["memory"]["planned_bytes"] >= measured
    with Server(home) as server:
        kept = server.get(f"/admin/api/models/{DEMO}").json()["measured"]
        assert kept["base_bytes"] > 2**20 and kept["peak_bytes"] >= kept["base_bytes"]


def test_keep_alive_zero_unloads_after_the_answer(server):
    answer = server.post("/v1/completions", QUESTION | {"keep_alive": 0})
    assert answer.status_code == 200
    assert eventually(lambda: DEMO not in pool(server))
    refused = server.post("/v1/completions", QUESTION | {"keep_alive": "soon"})
    assert refused.status_code == 400 and refused.json()["error"]["param"] == "keep_alive"


def test_a_presets_time_counts_where_a_request_says_none(server, home):
    shown = hearth("preset", DEMO, "--keep-alive", "1h", home=home)
    assert shown.returncode == 0, shown.stderr

    def stays(least: int, most: int) -> bool:
        return least <= (pool(server)[DEMO]["expires_s"] or 0) <= most

    server.post("/v1/completions", QUESTION)
    assert eventually(lambda: stays(3500, 3600))
    server.post("/v1/completions", QUESTION | {"keep_alive": "5m"})
    assert eventually(lambda: stays(200, 300))


def test_a_pinned_model_stays_and_the_pin_survives_a_restart(home):
    with Server(home) as server:
        assert order(server, "pin")["pinned"]
        server.post("/v1/completions", QUESTION | {"keep_alive": 0})
        assert server.post("/admin/api/models/evict", {}).json()["unloaded"] == []
    with Server(home) as server:
        assert pool(server)[DEMO]["pinned"]
        assert not order(server, "unpin")["pinned"]
        assert server.post("/admin/api/models/evict", {}).json()["unloaded"] == [DEMO]


def test_the_preload_list_is_loaded_at_start(stories_home, stories_folder):
    with Server(stories_home, "--model", str(stories_folder)) as server:
        assert MODEL not in pool(server)
        order(server, "preload", MODEL)
        assert eventually(lambda: pool(server).get(MODEL, {}).get("state") == "loaded")
    with Server(stories_home, "--model", str(stories_folder)) as server:
        assert pool(server)[MODEL]["preload"] and pool(server)[MODEL]["state"] == "loaded"
        order(server, "preload", MODEL, preload=False)


def test_one_model_makes_room_for_another_unless_it_is_used(slow_home, stories_folder):
    with Server(slow_home, "--model", "slow", "--max-loaded", "1") as server:
        body = {"model": "slow", "prompt": "Once", "max_tokens": 3000, "ignore_eos": True,
                "stream": True}
        with server.http() as client, client.stream("POST", "/v1/completions",
                                                    json=body) as answer:
            lines = answer.iter_lines()  # kept: who drops it hangs up
            next(lines)
            refused = server.post("/v1/completions", QUESTION | {"model": DEMO})
            assert refused.status_code == 503 and refused.headers["retry-after"] == "5"
            assert "slow" in refused.json()["error"]["message"]
            assert "in use" in refused.json()["error"]["message"]
        assert eventually(lambda: server.post("/v1/completions", QUESTION | {"model": DEMO})
                          .status_code == 200)
        assert list(pool(server)) == [DEMO]


def test_a_budget_that_is_too_small_is_explained(server):
    order(server, "unload")
    percent = put(server, {"memory": "1%"})
    assert percent.status_code == 200, percent.text
    assert percent.json()["limits"]["memory_percent"] == 1
    answer = server.post("/v1/completions", QUESTION | {"model": DEMO})
    if answer.status_code != 200:  # a small machine, or a demo model that has grown
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "insufficient_memory"
        assert "pool.memory" in answer.json()["error"]["message"]
    assert put(server, {"memory": "75%"}).status_code == 200
    assert server.post("/v1/completions", QUESTION | {"model": DEMO}).status_code == 200
    wrong = put(server, {"memory": "much"})
    assert wrong.status_code == 400 and wrong.json()["errors"][0]["path"] == "memory"


def test_limits_changed_over_http_are_kept_and_given_back(home):
    def limits(server: Server) -> dict:
        return server.get("/admin/api/pool").json()["limits"]

    (home / "config.toml").write_text('[pool]\nmemory = "60%"\nmax_loaded = 3\n')
    with Server(home) as server:
        assert limits(server)["changed"] == []
        assert put(server, {"memory": "50%", "keep_alive": "2h"}).status_code == 200
    with Server(home) as server:
        now = limits(server)
        assert now["memory_percent"] == 50 and now["keep_alive"] == "7200"
        assert now["max_loaded"] == 3 and now["changed"] == ["memory", "keep_alive"]
        told = json.loads(hearth("list", "--json", home=home).stdout)
        assert {model["fit"]["budget_bytes"] for model in told} == {now["memory_bytes"]}
    with Server(home, "--memory", "40%") as server:
        assert limits(server)["memory_percent"] == 40, "whoever starts it has the last word"
        assert put(server, {"memory": None, "keep_alive": None}).json()["limits"]["changed"] == []
    with Server(home) as server:
        assert limits(server)["memory_percent"] == 60 and limits(server)["keep_alive"] == "1800"


def test_events_tell_what_happens(server):
    seen = []

    def listen():
        with server.http() as client, client.stream("GET", "/admin/api/models/events") as events:
            for line in events.iter_lines():
                if line.startswith("data: "):
                    seen.append(json.loads(line[6:]))
                    if seen[-1]["removed"]:
                        return

    listener = threading.Thread(target=listen)
    listener.start()
    assert eventually(lambda: seen)
    assert seen[0]["models"][0]["id"] == DEMO
    order(server, "unload")
    listener.join(30)
    assert seen[-1]["removed"] == [DEMO]


def test_a_worker_that_dies_again_and_again_is_left_alone(server):
    for _ in range(3):
        order(server, "load")
        os.kill(server.worker(DEMO), signal.SIGKILL)
        assert eventually(lambda: server.models() == []
                          or server.models()[0]["state"] == "crashed")
    crashed = pool(server)[DEMO]
    assert crashed["state"] == "crashed" and 0 < crashed["retry_s"] <= 5
    refused = server.post("/v1/completions", QUESTION)
    assert refused.status_code == 503 and 1 <= int(refused.headers["retry-after"]) <= 5
    assert "3 times in a row" in refused.json()["error"]["message"]
    assert eventually(lambda: server.post("/v1/completions", QUESTION).status_code == 200)


def test_the_command_line_does_the_same(server, home):
    port = ("--port", str(server.port))
    gone = hearth("unload", DEMO, *port, home=home)
    assert gone.returncode == 0 and "unloaded" in gone.stdout
    assert "No model is loaded" in hearth("ps", *port, home=home).stdout
    loaded = hearth("load", DEMO, "--keep-alive", "-1", *port, home=home)
    assert loaded.returncode == 0 and f"process {server.worker(DEMO)}" in loaded.stdout
    assert "for ever" in hearth("ps", *port, home=home).stdout
    assert hearth("pin", DEMO, *port, home=home).returncode == 0
    assert "pinned" in hearth("ps", *port, home=home).stdout
    assert "Nothing to unload" in hearth("unload", "--all", *port, home=home).stdout
    unknown = hearth("load", "nobody/nothing", *port, home=home)
    assert unknown.returncode == 1 and "nobody/nothing" in unknown.stderr


def test_ten_cycles_leave_nothing_behind(server):
    assert loads.run(server, 10) == []
