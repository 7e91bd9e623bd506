"""Conversions in a server's queue: each in a process of its own, which may be stopped or killed."""

import fcntl
import json
import os
import shutil
import signal
import threading

import pytest
from checkpoints import copy_of, slow_stories
from server import Server, eventually, hearth

STORY = {"model": "stories-8bit", "prompt": "Once upon a time", "max_tokens": 8, "temperature": 0}


@pytest.fixture(scope="module")
def sources(stories_folder, tmp_path_factory):
    """A models folder: `stories`, and `deep`, which takes a while."""
    folder = tmp_path_factory.mktemp("sources")
    copy_of(stories_folder, folder / "stories")
    slow_stories(folder / "deep", layers=600)
    return folder


@pytest.fixture
def server(home, sources):
    with Server(home, "--models-folder", str(sources)) as running:
        yield running


def add(server, **wanted) -> list[dict]:
    answer = server.post("/admin/api/conversions", wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()["conversions"]


def show(server, conversion) -> dict:
    return server.get(f"/admin/api/conversions/{conversion['id']}").json()


def order(server, conversion, what, **query) -> dict:
    answer = server.post(f"/admin/api/conversions/{conversion['id']}/{what}", {}, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def reaches(server, conversion, state) -> dict:
    found = eventually(lambda: (now := show(server, conversion))["state"] in
                       (state, "failed", "cancelled", "completed") and now, seconds=120)
    assert found["state"] == state, found
    return found


def process_of(server, conversion) -> int:
    """The process that converts, stopped: nothing happens until it is continued or killed."""
    now = eventually(lambda: (now := show(server, conversion))["phase"] == "converting" and now)
    os.kill(now["process"], signal.SIGSTOP)
    assert show(server, conversion)["state"] == "running"
    return now["process"]


def locked(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def test_one_is_watched_and_its_model_answers(server):
    seen = []

    def listen():
        with server.http() as client, \
                client.stream("GET", "/admin/api/conversions/events") as events:
            for line in events.iter_lines():
                if line.startswith("data: "):
                    seen.append(json.loads(line[6:]))
                    if any(one["state"] == "completed" for one in seen[-1]["conversions"]):
                        return

    listener = threading.Thread(target=listen)
    listener.start()
    assert eventually(lambda: seen) and seen[0] == {"conversions": [], "removed": []}
    [conversion] = add(server, model="stories", preset="8bit", options={"measure": True})
    listener.join(120)
    states = [one["state"] for event in seen for one in event["conversions"]]
    assert "running" in states and states[-1] == "completed", states
    done = show(server, conversion)
    assert done["name"] == "stories-8bit" and done["error"] is None and done["process"] == 0
    result = done["result"]
    assert result["bits_per_weight"] > 8 and result["how"] == "8 bits in groups of 64"
    assert "mlp.down_proj" in result["plain"][0]["path"]
    assert 0 < result["measured"]["kl_mean"] < 0.1, result.get("not_measured")
    assert not list((server.home / "models").glob(".*"))
    names = [model["id"] for model in server.get("/admin/api/models").json()["models"]]
    assert "stories-8bit" in names
    assert server.post("/v1/completions", STORY).status_code == 200


def test_several_with_one_preset_come_one_after_another(server):
    first, second = add(server, models=["stories", "deep"], preset="mixed-4-6")
    assert [first["name"], second["name"]] == ["stories-mixed_4_6", "deep-mixed_4_6"]
    reaches(server, first, "completed")
    reaches(server, second, "completed")
    again = server.post("/admin/api/conversions", {"model": "stories", "preset": "mixed-4-6"})
    assert again.status_code == 400 and "already" in again.json()["detail"]
    [replaced] = add(server, model="stories", preset="mixed-4-6", replace=True)
    assert reaches(server, replaced, "completed")["id"] != first["id"]


def test_a_cancelled_one_stops_and_can_go(server):
    [conversion] = add(server, model="deep")
    process = process_of(server, conversion)
    reserved = server.get("/admin/api/pool").json()["reserved"]
    assert [one["what"] for one in reserved] == ["the conversion of deep"]
    assert order(server, conversion, "cancel", partial="remove")["state"] == "cancelled"
    os.kill(process, signal.SIGCONT)
    path = f"/admin/api/conversions/{conversion['id']}"
    with server.http() as client:
        assert eventually(lambda: client.delete(path).status_code == 200)
        assert client.get(path).status_code == 404
    assert not list((server.home / "models").glob("*")), "nothing of it is left"
    assert server.get("/admin/api/pool").json()["reserved"] == []


def test_a_killed_one_fails_with_its_reason_and_can_be_tried_again(server):
    [conversion, waiting] = add(server, models=["deep", "stories"])
    os.kill(process_of(server, conversion), signal.SIGKILL)
    failed = reaches(server, conversion, "failed")
    assert failed["error"]["code"] == "engine_lost" and "signal 9" in failed["error"]["message"]
    reaches(server, waiting, "completed")
    assert server.get("/readyz").status_code == 200, "the server lives on"
    order(server, conversion, "retry")
    reaches(server, conversion, "completed")


def test_a_killed_server_goes_on_where_it_was(home, sources):
    folder = str(sources)
    with Server(home, "--models-folder", folder) as first:
        conversion, waiting = add(first, models=["deep", "stories"])
        process_of(first, conversion)
        first.process.kill()
        first.process.wait()
    with (home / "models" / ".deep-4bit.converting" / ".lock").open() as lock:
        # As an old process that needs a moment to see that its server is gone.
        assert eventually(lambda: locked(lock))
        with Server(home, "--models-folder", folder) as second:
            held = eventually(lambda: show(second, conversion)["waits_for"])
            assert "another conversion" in held["message"]
            assert show(second, waiting)["state"] == "pending"
            fcntl.flock(lock, fcntl.LOCK_UN)
            reaches(second, conversion, "completed")
            reaches(second, waiting, "completed")


def test_a_source_that_is_damaged_fails_with_what_is_wrong(server, sources):
    broken = shutil.copytree(sources / "stories", server.home / "models" / "broken")
    (broken / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0not json at all!")
    [conversion] = add(server, model="broken")
    failed = reaches(server, conversion, "failed")
    assert "model.safetensors" in failed["error"]["message"]


def test_own_presets(server):
    with server.http() as client:
        path = "/admin/api/conversion-presets/tiny"
        assert client.put(path, json={"options": {"bits": 3, "group": 32}}).status_code == 200
    [conversion] = add(server, model="stories", preset="tiny", name="me/tiny")
    assert reaches(server, conversion, "completed")["result"]["how"] == "3 bits in groups of 32"
    assert (server.home / "models" / "me" / "tiny" / "config.json").exists()
    done = hearth("convert", str(server.home / "models" / "me" / "tiny"), "--dry-run",
                  "--preset", "TINY", "--requantize", home=server.home)
    assert done.returncode == 0 and "3 bits in groups of 32" in done.stdout, done.stderr


def test_the_command_line_queues_shows_and_orders(server):
    port = ("--port", str(server.port))
    queued = hearth("convert", "deep", "stories", "--queue", "--preset", "8bit", *port,
                    home=server.home)
    assert queued.returncode == 0 and "deep-8bit" in queued.stdout, queued.stderr
    deep, stories = json.loads(hearth("jobs", "--json", *port, home=server.home).stdout)
    assert hearth("jobs", "cancel", deep["id"], stories["id"], *port,
                  home=server.home).returncode == 0
    shown = hearth("jobs", *port, home=server.home).stdout
    assert shown.count("cancelled") == 2 and deep["id"] in shown
    assert hearth("jobs", "retry", stories["id"], *port, home=server.home).returncode == 0
    reaches(server, stories, "completed")
    assert eventually(lambda: hearth("jobs", "rm", deep["id"], *port,
                                     home=server.home).returncode == 0)
    lost = hearth("jobs", "rm", deep["id"], *port, home=server.home)
    assert lost.returncode == 1 and "no conversion" in lost.stderr
    path = hearth("convert", "./stories", "--queue", *port, home=server.home)
    assert path.returncode == 1 and "is a path" in path.stderr


def test_without_a_server_the_queue_is_refused_and_several_come_here(home, sources):
    refused = hearth("convert", "stories", "--queue", "--port", "1", home=home)
    assert refused.returncode == 1 and "no Hearth server answers" in refused.stderr
    assert hearth("jobs", "--port", "1", home=home).returncode == 1
    assert hearth("jobs", "cancel", "--port", "1", home=home).returncode == 1
    here = hearth("convert", "stories", "nothing", "deep", "--preset", "mixed-4-6",
                  "--models-folder", str(sources), home=home)
    assert here.returncode == 1 and "1 of 3 models were not converted" in here.stderr
    made = {folder.name for folder in (home / "models").iterdir()}
    assert made == {"stories-mixed_4_6", "deep-mixed_4_6"}


def test_the_process_by_hand(home, sources):
    job = {"model": "stories", "base_model": "", "source": str(sources / "stories"),
           "target": str(home / "made"), "options": {"bits": 8}, "replaces": False, "begun": False}
    done = hearth("job", json.dumps(job), home=home)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and lines[-1]["done"]["how"] == "8 bits in groups of 64"
    assert lines[0]["progress"]["phase"] == "converting"
    again = hearth("job", json.dumps(job), home=home)
    assert again.returncode == 1
    assert "there already" in json.loads(again.stdout)["error"]["message"]
    assert hearth("job", json.dumps(job | {"begun": True}), home=home).returncode == 0
    wrong = json.loads(hearth("job", "{}", home=home).stdout)
    assert wrong["error"]["code"] in ("missing_argument", "invalid_argument")
