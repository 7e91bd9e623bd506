"""The queue of downloads in a running `hearth serve`: killed, paused, restarted, cancelled."""

import contextlib
import json
import random
import signal
import time
import urllib.error
import urllib.request

import pytest
from conftest import Home
from fake_hub import FakeHub

SIZE = 12_000_000
FILES = {"config.json": b'{"model_type":"llama","max_position_embeddings":4096}',
         "model.safetensors": random.Random(3).randbytes(SIZE)}
SLOW = 6e6  # bytes per second: a kill falls into the middle
SECONDS = 30


class Server:
    """`hearth serve` of a home; `kill()` ends it as a power cut would."""

    def __init__(self, home: Home, hub: FakeHub, **environment: str):
        port_file = home.folder / "port"
        port_file.unlink(missing_ok=True)
        self.process = home.start(hub, "serve", "--port", "0", "--port-file", str(port_file),
                                  "--log-level", "warn", **environment)
        until = time.monotonic() + SECONDS
        while not (port_file.exists() and port_file.read_text().endswith("\n")):
            assert self.process.poll() is None, self.process.communicate()[1]
            assert time.monotonic() < until, "the server does not begin"
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{port_file.read_text().strip()}"

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=SECONDS)

    def ask(self, method: str, path: str, body=None) -> tuple[int, dict]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def get(self, path: str) -> dict:
        return self.ask("GET", path)[1]

    def download(self, identity: str) -> dict:
        return self.get(f"/admin/api/downloads/{identity}")

    def wait(self, identity: str, condition) -> dict:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            now = self.download(identity)
            if condition(now):
                return now
            time.sleep(0.02)
        raise AssertionError(f"it stays {now}")


def model(**options) -> FakeHub:
    return FakeHub(FILES, lfs=["model.safetensors"], **options)


def start(server: Server) -> str:
    status, download = server.ask("POST", "/admin/api/downloads", {"model": "org/model"})
    assert status == 201, download
    return download["id"]


def half_here(download: dict) -> bool:
    return download["done"] > SIZE / 4


def completed(download: dict) -> bool:
    assert download["state"] != "failed", download
    return download["state"] == "completed"


def test_a_killed_server_goes_on_by_itself(home):
    with model(bytes_per_s=SLOW) as hub:
        with Server(home, hub) as server:
            identity = start(server)
            server.wait(identity, half_here)
            server.kill()
        with Server(home, hub) as server:
            done = server.wait(identity, completed)
            assert done["percent"] == 100
            names = [entry["id"] for entry in server.get("/v1/models")["data"]]
            assert "org/model" in names, "the library sees it at once"
        assert home.is_whole(hub)
        assert home.partial_files() == []
        assert hub.sent < SIZE * 1.5, "what was here was not fetched again"


def test_paused_stays_paused_over_a_kill(home):
    with model(bytes_per_s=SLOW) as hub:
        with Server(home, hub) as server:
            identity = start(server)
            server.wait(identity, half_here)
            status, paused = server.ask("POST", f"/admin/api/downloads/{identity}/pause")
            assert (status, paused["state"]) == (200, "paused")
            server.kill()
        with Server(home, hub) as server:
            time.sleep(0.3)
            sent = hub.sent
            assert server.download(identity)["state"] == "paused"
            time.sleep(0.3)
            assert hub.sent == sent
            server.ask("POST", f"/admin/api/downloads/{identity}/resume")
            server.wait(identity, completed)
        assert home.is_whole(hub)


@pytest.mark.parametrize("partial", ["keep", "remove"])
def test_cancelled_keeps_or_removes_what_is_half_here(home, partial):
    with model(bytes_per_s=SLOW) as hub, Server(home, hub) as server:
        identity = start(server)
        server.wait(identity, half_here)
        status, cancelled = server.ask("DELETE",
                                       f"/admin/api/downloads/{identity}?partial={partial}")
        assert (status, cancelled["state"]) == (200, "cancelled")
        until = time.monotonic() + SECONDS
        while partial == "remove" and home.partial_files() and time.monotonic() < until:
            time.sleep(0.02)
        assert bool(home.partial_files()) == (partial == "keep")


def test_a_failure_says_why_and_can_be_tried_again(home):
    with model(token="hf_right") as hub, Server(home, hub) as server:
        identity = start(server)
        failed = server.wait(identity, lambda now: now["state"] == "failed")
        assert failed["error"]["code"] == "forbidden"
        assert "HF_TOKEN" in failed["error"]["message"]
        hub.token = ""
        server.ask("POST", f"/admin/api/downloads/{identity}/resume")
        assert server.wait(identity, completed)["error"] is None


def test_offline_is_said(home):
    with model() as hub, Server(home, hub, HF_HUB_OFFLINE="1") as server:
        failed = server.wait(start(server), lambda now: now["state"] == "failed")
        assert "HF_HUB_OFFLINE" in failed["error"]["message"]
        status, problem = server.ask("GET", "/admin/api/discover")
        assert status >= 400
        assert "HF_HUB_OFFLINE" in problem["detail"]


def test_events_tell_the_way(home):
    with model(bytes_per_s=SLOW * 2) as hub, Server(home, hub) as server:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.closing(opener.open(f"{server.url}/admin/api/downloads/events",
                                            timeout=SECONDS)) as stream:
            first = next(line for line in stream if line.startswith(b"data: "))
            assert json.loads(first[6:]) == {"downloads": [], "removed": []}
            start(server)
            states = []
            for line in stream:
                if line.startswith(b"data: "):
                    states += [now["state"] for now in json.loads(line[6:])["downloads"]]
                if states and states[-1] == "completed":
                    break
        assert states[0] != "completed" and "downloading" in states


def test_discover_searches_pages_and_shows(home):
    with model() as hub, Server(home, hub) as server:
        found = server.get("/admin/api/discover?search=mod&sort=likes&limit=1")
        assert [entry["id"] for entry in found["models"]] == ["org/model"]
        assert "sort=likes" in hub.searches[0] and "filter=mlx" in hub.searches[0]
        more = server.get(f"/admin/api/discover?page={urllib.request.quote(found['next'], '')}")
        assert (more["models"], more["next"]) == ([], None)
        one = server.get("/admin/api/discover/org/model")
        assert one["download_bytes"] == sum(map(len, FILES.values()))
        assert one["commit"] and one["card"] is None
        for query, path in (("limit=0", "limit"), ("sort=size", "sort"), ("direction=up",
                            "direction"), ("page=%20", "page")):
            status, problem = server.ask("GET", f"/admin/api/discover?{query}")
            assert (status, problem["errors"][0]["path"]) == (400, path)
        status, problem = server.ask("GET", "/admin/api/discover/org/none")
        assert status == 404 and "org/none" in problem["detail"]
