"""What the engine is doing: /admin/api/engine, and the live part of `hearth show`."""

import json

from conftest import MODEL
from server import eventually, hearth

BODY = {"model": MODEL, "prompt": "Once upon a time", "max_tokens": 8, "temperature": 0}


def engine(server) -> dict:
    models = server.get("/admin/api/engine").json()["models"]
    return next(model for model in models if model["id"] == MODEL)


def test_the_engine_counts_what_it_computes(stories):
    before = engine(stories)
    assert before["state"] == "loaded" and before["process"] == stories.worker(MODEL)
    assert before["pages"]["total"] > 0 and before["model"]["architecture"] == "llama"
    usage = stories.post("/v1/completions", BODY).json()["usage"]
    wanted = before["totals"]["completion_tokens"] + usage["completion_tokens"]
    assert eventually(lambda: engine(stories)["totals"]["completion_tokens"] == wanted)
    assert eventually(lambda: engine(stories)["queue"]["running"] == 0)


def test_errors_of_the_management_api_are_problems(stories):
    answer = stories.get("/admin/api/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == "/admin/api/nothing"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_show_asks_the_server(stories, stories_home):
    port = ("--port", str(stories.port))
    shown = hearth("show", MODEL, *port, home=stories_home)
    assert shown.returncode == 0 and f"process {stories.worker(MODEL)}" in shown.stdout
    live = json.loads(hearth("show", MODEL, "--json", *port, home=stories_home).stdout)["live"]
    assert live["process"] == stories.worker(MODEL)


def test_show_without_a_server_says_what_is_on_disk(stories_home):
    shown = hearth("show", MODEL, "--port", "1", home=stories_home)
    assert shown.returncode == 0 and "family" in shown.stdout and "queue" not in shown.stdout
