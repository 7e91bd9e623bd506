"""Favourites, notes and presets on the command line, and presets in answers."""

import json
import subprocess
import time

import pytest
from conftest import DEMO, PROGRAM, Home
from fake_hub import FakeHub
from test_downloads import Server


@pytest.fixture
def hub():
    with FakeHub({"config.json": b"{}"}) as hub:
        yield hub


def settings(home: Home, hub: FakeHub) -> dict:
    return json.loads(home.run(hub, "show", "demo", "--json").stdout)["settings"]


def test_favourites_and_notes_are_kept(home, hub):
    assert "No favourites" in home.run(hub, "favourite").stdout
    assert home.run(hub, "favourite", "demo").returncode == 0
    assert home.run(hub, "favorite").stdout == "hearth-demo\n"
    assert home.run(hub, "note", "demo", "small", "and", "quick").returncode == 0
    assert home.run(hub, "note", "demo").stdout == "small and quick\n"
    assert "small and quick" in home.run(hub, "show", "demo").stdout
    home.run(hub, "favourite", "demo", "--remove")
    home.run(hub, "note", "demo", "--remove")
    assert settings(home, hub) == {"model": "hearth-demo", "favourite": False, "note": "",
                                   "preset": {}}
    assert home.run(hub, "note", "nobody", "x").returncode == 1


def test_a_preset_is_changed_member_by_member(home, hub):
    home.run(hub, "preset", "demo", "--temperature", "0", "--max-tokens", "5")
    home.run(hub, "preset", "demo", "--max-tokens", "7")
    assert settings(home, hub)["preset"] == {"temperature": 0, "max_tokens": 7}
    assert "max_tokens" in home.run(hub, "preset", "demo").stdout
    wrong = home.run(hub, "preset", "demo", "--temperature", "9")
    assert wrong.returncode == 1 and "temperature" in wrong.stderr
    late = home.run(hub, "preset", "demo", "--keep-alive", "later")
    assert late.returncode == 1 and "--keep-alive" in late.stderr and "5m" in late.stderr
    told = home.run(hub, "preset", "demo", "--clear", "--top-k", "3", "--keep-alive", "2m",
                    "--json")
    assert json.loads(told.stdout) == {"top_k": 3, "keep_alive": "120"}


def comes_to(server: Server, question: dict, tokens: int) -> bool:
    """Whether answers come to have so many tokens."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        status, answer = server.ask("POST", "/v1/chat/completions", question)
        assert status == 200, answer
        if answer["usage"]["completion_tokens"] == tokens:
            return True
        time.sleep(0.1)
    return False


def test_a_running_server_applies_what_the_command_line_sets(home, hub):
    assert DEMO.exists()
    question = {"model": "demo", "messages": [{"role": "user", "content": "Who are you?"}],
                "temperature": 0}
    with Server(home, hub) as server:
        home.run(hub, "preset", "demo", "--max-tokens", "3")
        assert comes_to(server, question, 3), "within a second or so"
        _, own = server.ask("POST", "/v1/chat/completions", question | {"max_tokens": 2})
        assert own["usage"]["completion_tokens"] == 2
        status, changed = server.ask("PATCH", "/admin/api/models/demo/settings",
                                     {"preset": {"max_tokens": 4, "context_length": 128}})
        assert (status, changed["model"]) == (200, "hearth-demo")
        _, short = server.ask("POST", "/v1/chat/completions", question)
        assert short["usage"]["completion_tokens"] == 4
    with Server(home, hub) as server:
        model = next(one for one in server.get("/v1/models")["data"] if one["id"] == "hearth-demo")
        assert model["context_length"] == 128, "loaded with the preset's context"


def test_run_applies_it_too(home, hub):
    home.run(hub, "preset", "demo", "--max-tokens", "3", "--temperature", "0")
    told = subprocess.run([PROGRAM, "run", "demo", "--json", "Hello"], input="", text=True,
                          capture_output=True, env=home.environment(hub), timeout=60, check=False)
    assert json.loads(told.stdout)["usage"]["completion_tokens"] == 3, told.stderr
