"""What a server does beside answering: health, metrics, guards, start and end."""

import os
import pathlib
import re
import signal
import socket
import threading

import pytest
from conftest import MODEL
from server import Server, eventually


def test_health_and_readiness(stories):
    assert stories.get("/healthz").json() == {"status": "ok"}
    ready = stories.get("/readyz")
    assert ready.status_code == 200 and ready.json()["status"] == "ready"
    assert [model["id"] for model in ready.json()["models"]] == [MODEL]


def test_metrics_count_what_happens(stories):
    before = stories.metric("hearth_tokens_total", type="completion")
    stories.post("/v1/completions", {"prompt": "Once", "max_tokens": 7, "ignore_eos": True})
    assert stories.metric("hearth_tokens_total", type="completion") == before + 7
    text = stories.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    for name in ("hearth_http_requests_total", "hearth_generations_total", "hearth_models_loaded",
                 "gen_ai_server_time_to_first_token_seconds_bucket",
                 "gen_ai_server_request_duration_seconds_bucket"):
        assert name in text.text


@pytest.mark.parametrize("method, path, status, code", [
    ("GET", "/v1/nothing", 404, "unknown_url"),
    ("POST", "/chat/completions", 404, "unknown_url"),
    ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
    ("DELETE", "/healthz", 405, "method_not_allowed"),
])
def test_a_wrong_address_is_told_in_the_envelope(stories, method, path, status, code):
    with stories.http() as client:
        answer = client.request(method, path, headers={"accept": "application/json"})
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code and error["type"] == "invalid_request_error"
    if status == 404:
        assert "/v1" in error["message"]
    else:
        assert answer.headers["allow"]


def test_a_request_id_is_honoured_if_it_is_one(stories):
    given = stories.get("/healthz", headers={"X-Request-ID": "my-id_1.2"})
    assert given.headers["x-request-id"] == "my-id_1.2"
    for bad in ("white space", "x" * 129, "semi;colon"):
        made = stories.get("/healthz", headers={"X-Request-ID": bad}).headers["x-request-id"]
        assert re.fullmatch(r"req_[0-9a-f]{12}", made)
    first, second = (stories.get("/v1/none").headers["x-request-id"] for _ in range(2))
    assert first != second


def test_every_request_is_in_the_access_log(stories):
    stories.get("/v1/models?secret=sesame", headers={"X-Request-ID": "look-for-me"})
    line = eventually(lambda: [l for l in stories.log.splitlines() if "look-for-me" in l])[0]
    assert "GET" in line and "/v1/models" in line and "200" in line and "sesame" not in line


@pytest.mark.parametrize("host, status", [
    ("127.0.0.1:{port}", 200), ("localhost:{port}", 200), ("localhost", 200), ("[::1]:{port}", 200),
    ("evil.example", 403), ("127.0.0.1.evil.example:{port}", 403), ("localhost.evil.example", 403)])
def test_the_host_guard_stops_dns_rebinding(stories, host, status):
    for path in ("/healthz", "/v1/models", "/"):
        answer = stories.get(path, headers={"Host": host.format(port=stories.port)})
        assert answer.status_code == status, path
        if status == 403:
            assert answer.json()["error"]["code"] == "insufficient_permissions"


def test_further_hosts_can_be_allowed(home):
    with Server(home, "--allow-host", "hearth.example") as server:
        assert server.get("/healthz", headers={"Host": "hearth.example"}).status_code == 200
        assert server.get("/healthz", headers={"Host": "evil.example"}).status_code == 403


def test_the_web_app_is_served_with_its_guards(stories):
    page = stories.get("/", headers={"accept": "text/html", "accept-encoding": "gzip"})
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "no-cache" in page.headers["cache-control"] and page.headers["etag"]
    again = stories.get("/", headers={"if-none-match": page.headers["etag"],
                                      "accept-encoding": "gzip"})
    assert again.status_code == 304
    assert "<title>" in page.text and not re.search(r'(src|href)="https?://', page.text)


def test_only_loopback_is_listened_on(stories):
    with open("/proc/net/tcp", encoding="ascii") as table:
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    mine = [address for address in listening if address.endswith(f":{stories.port:04X}")]
    assert mine == [f"0100007F:{stories.port:04X}"]


def test_listening_beyond_this_machine_needs_a_word(home):
    server = Server(home, "--host", "0.0.0.0", wait=False)
    assert server.process.wait(60) == 1
    assert "--allow-remote" in server.log


def test_a_port_in_use_is_an_error_that_says_so(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Server(home, port=port, wait=False)
        assert server.process.wait(60) == 1
    assert f"port {port} is already in use" in server.log and "another port" in server.log


@pytest.fixture
def unwritable(tmp_path):
    """A home that cannot be made: as root no mode of a folder forbids anything, /proc does."""
    if os.geteuid() == 0:
        return pathlib.Path("/proc/hearth-home")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    return locked / "home"


def test_a_home_that_cannot_be_written_is_told_and_served_all_the_same(
        unwritable, stories_folder, tmp_path):
    with Server(unwritable, "--model", str(stories_folder), notes=tmp_path) as server:
        assert "HEARTH_HOME" in server.log and str(unwritable) in server.log
        answer = server.post("/v1/completions", {"prompt": "Once", "max_tokens": 3})
        assert answer.status_code == 200


def test_a_wrong_setting_names_its_place(home):
    (home / "config.toml").write_text('[server]\nprot = 80\n')
    server = Server(home, wait=False)
    assert server.process.wait(60) == 1
    assert "config.toml:2" in server.log and "server.prot" in server.log
    assert "server.port" in server.log


def test_a_flag_beats_the_environment_which_beats_the_file(home, stories_folder):
    (home / "config.toml").write_text("[engine]\ncontext_length = 64\n")
    variable, flag = {"HEARTH_CONTEXT_LENGTH": "128"}, ("--context-length", "256")
    for settings, flags, served in (({}, (), 64), (variable, (), 128), (variable, flag, 256)):
        with Server(home, "--model", str(stories_folder), *flags, settings=settings) as server:
            entry = server.get(f"/v1/models/{stories_folder.name}").json()
            assert entry["max_model_len"] == served


def test_an_unknown_model_at_start_is_an_error_with_near_names(stories_home, tmp_path):
    server = Server(stories_home, "--model", "storys260k", wait=False)
    assert server.process.wait(60) == 1
    assert MODEL in server.log


def test_sigterm_lets_a_running_answer_end_and_takes_no_new_one(slow):
    body = {"prompt": "Once upon a time", "max_tokens": 60, "ignore_eos": True, "stream": True}
    said = []

    def read():
        with slow.http() as client, client.stream("POST", "/v1/completions", json=body) as answer:
            for line in answer.iter_lines():
                said.append(line)

    reader = threading.Thread(target=read)
    reader.start()
    assert eventually(lambda: len(said) > 1)
    slow.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: refuses(slow.port))
    reader.join(60)
    assert "data: [DONE]" in said
    assert slow.process.wait(60) == 0


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_the_end_leaves_no_process_behind(slow):
    worker = slow.worker("slow")
    os.kill(worker, 0)
    assert slow.stop() == 0
    assert eventually(lambda: not pathlib.Path(f"/proc/{worker}").exists())


def test_a_server_killed_hard_takes_its_workers_along(slow):
    worker = slow.worker("slow")
    slow.process.kill()
    slow.process.wait()
    assert eventually(lambda: not pathlib.Path(f"/proc/{worker}").exists())
