"""What goes wrong is said in one sentence: what, why, what to do; with its status and code."""

import concurrent.futures
import json

import checkpoints
import pytest
from server import Server, eventually, hearth

CHAT = "/v1/chat/completions"
HELLO = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}
EMBEDDING = "some-embedding"
UNKNOWN_FAMILY = "odd-family"
CUT_OFF = "cut-off"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The demo model, one that answers no prompts, one of a family nobody knows, a damaged one."""
    home = tmp_path_factory.mktemp("errors") / "home"
    models = home / "models"
    for name in (EMBEDDING, UNKNOWN_FAMILY, CUT_OFF):
        checkpoints.copy_of(checkpoints.DEMO, models / name)
    (models / EMBEDDING / "modules.json").write_text("[]")
    checkpoints.edit_json(models / UNKNOWN_FAMILY / "config.json", model_type="flux_capacitor")
    weights = next((models / CUT_OFF).glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:2000])
    with Server(home) as running:
        yield running


# What is asked, the status, the code, and words of the message.
REFUSED = {
    "not downloaded": ({"model": "org/not-here"}, 404, "model_not_found",
                       ("org/not-here", "not on this machine", "`hearth pull org/not-here`")),
    "nearly its name": ({"model": "hearth-dmo"}, 404, "model_not_found",
                        ("hearth-dmo", "did you mean \"hearth-demo\"")),
    "wrong kind of model": ({"model": EMBEDDING}, 400, "unsupported_capability",
                            (EMBEDDING, "an embedding model", "name a text or vision model")),
    "unsupported architecture": ({"model": UNKNOWN_FAMILY}, 400, "unsupported_parameter",
                                 (f"load {UNKNOWN_FAMILY}: config.json", "flux_capacitor",
                                  "is not supported (supported: ", "llama")),
    "corrupt file": ({"model": CUT_OFF}, 500, "model_damaged",
                     (f"load {CUT_OFF}: ", ".safetensors")),
    "field out of range": ({"temperature": 9}, 400, "invalid_value",
                           ("temperature", "at most 2")),
    "field of the wrong type": ({"messages": "hi"}, 400, "invalid_value",
                                ("messages", "must be a list")),
    "field missing": ({"messages": None}, 400, "missing_required_parameter",
                      ("messages", "is required")),
    "too long": ({"messages": [{"role": "user", "content": "word " * 20_000}]}, 400,
                 "context_length_exceeded", ("tokens", "context")),
    "schema not offered": ({"response_format": {"type": "json_schema"}}, 400,
                           "unsupported_parameter", ("response_format",)),
}


@pytest.mark.parametrize("body, status, code, words", REFUSED.values(), ids=REFUSED)
def test_a_refused_request_says_what_why_and_what_to_do(server, body, status, code, words):
    answer = server.post(CHAT, HELLO | body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), error
    assert all(word in error["message"] for word in words), error
    assert answer.headers["x-request-id"]
    streamed = server.post(CHAT, HELLO | body | {"stream": True})
    assert streamed.status_code == status and streamed.json()["error"]["code"] == code


ORDERS = {
    "delete what is not here": ("DELETE", "/admin/api/models/nobody", None, 404,
                                ("nobody", "its id in full")),
    "delete what is in memory": ("DELETE", "/admin/api/models/hearth-demo", None, 400,
                                 ("hearth-demo", "in memory", "unload it first")),
    "cancel what does not load": ("POST", "/admin/api/models/hearth-demo/cancel", None, 400,
                                  ("hearth-demo", "nothing to cancel")),
    "load what is not here": ("POST", "/admin/api/models/org/none/load", {}, 404,
                              ("org/none", "`hearth pull org/none`")),
    "no budget": ("PUT", "/admin/api/pool", {"memory": "much"}, 400,
                  ("memory", "\"75%\" or \"12GB\"", "\"much\"")),
}


@pytest.mark.parametrize("method, path, body, status, words", ORDERS.values(), ids=ORDERS)
def test_a_refused_order_is_a_problem_that_says_what_to_do(server, method, path, body, status,
                                                           words):
    with server.http() as client:
        answer = client.request(method, path, json=body)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status, problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(word in problem["detail"] for word in words), problem
    assert problem["request_id"] == answer.headers["x-request-id"]


COMMANDS = {
    "path missing": (("show", "/nowhere/model"), ("/nowhere/model",)),
    "not downloaded": (("show", "org/none"), ("org/none", "`hearth pull org/none`")),
    "nothing to convert": (("convert", "/nowhere/model"), ("/nowhere/model",)),
    "unknown family": (("run", UNKNOWN_FAMILY, "hi"), ("flux_capacitor", "supported: ", "llama")),
    "damaged": (("run", CUT_OFF, "hi"), (".safetensors",)),
    "no server": (("ps", "--port", "1"), ("hearth serve",)),
}


@pytest.mark.parametrize("arguments, words", COMMANDS.values(), ids=COMMANDS)
def test_a_refused_command_says_it_on_standard_error(server, arguments, words):
    told = hearth(*arguments, home=server.home)
    assert told.returncode == 1 and told.stdout == ""
    assert all(word in told.stderr for word in words), told.stderr


LONG = {"model": "slow", "prompt": "Once", "max_tokens": 3000, "ignore_eos": True}


def test_whoever_comes_when_the_queue_is_full_is_told_when_to_return(slow_home):
    limits = ("--max-sequences", "1", "--max-waiting", "1")
    with (Server(slow_home, "--model", "slow", *limits) as server,
          concurrent.futures.ThreadPoolExecutor(2) as others):
        busy = [others.submit(server.post, "/v1/completions", LONG | {"timeout_seconds": 8})
                for _ in range(2)]
        assert eventually(lambda: server.get("/admin/api/engine").json()["models"][0]["queue"]
                          ["waiting"] == 1)
        refused = server.post("/v1/completions", LONG)
        assert refused.status_code == 429, refused.text
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        for one in busy:
            late = one.result()
            assert late.status_code == 408 and "8000 ms" in late.json()["error"]["message"]


def test_a_stream_that_takes_too_long_ends_with_an_error_event(slow):
    events = []
    with slow.http() as client, client.stream(
            "POST", "/v1/completions",
            json=LONG | {"stream": True, "timeout_seconds": 2}) as answer:
        assert answer.status_code == 200
        events = [json.loads(line[6:]) for line in answer.iter_lines()
                  if line.startswith("data: {")]
    assert "choices" in events[0]
    error = events[-1]["error"]
    assert error["code"] == "timeout" and "2000 ms" in error["message"]
