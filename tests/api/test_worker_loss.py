"""A worker that dies costs its own requests a clear error, and nothing else."""

import json
import os
import signal
import threading

import openai
import pytest
from server import Server, eventually

LONG = {"model": "slow", "prompt": "Once upon a time", "max_tokens": 3000, "ignore_eos": True}


def test_kill_9_in_mid_stream_is_an_event_and_the_next_request_works(slow):
    worker = slow.worker("slow")
    with slow.http() as client, client.stream("POST", "/v1/completions",
                                              json=LONG | {"stream": True}) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        next(lines)
        os.kill(worker, signal.SIGKILL)
        rest = list(lines)
    error = json.loads(rest[-1][6:])["error"]
    assert error["code"] == "engine_lost" and error["type"] == "server_error"
    assert "data: [DONE]" not in rest
    answer = slow.post("/v1/completions", LONG | {"max_tokens": 3})
    assert answer.status_code == 200 and answer.json()["usage"]["completion_tokens"] == 3
    assert slow.worker("slow") != worker
    assert slow.metric("hearth_generation_failures_total", reason="engine_lost") == 1


def test_kill_9_under_a_whole_answer_is_a_503_that_may_be_retried(slow):
    answers = []
    asking = threading.Thread(target=lambda: answers.append(slow.post("/v1/completions", LONG)))
    asking.start()
    assert eventually(lambda: slow.models()[0]["running"] == 1)
    os.kill(slow.worker("slow"), signal.SIGKILL)
    asking.join(60)
    assert answers[0].status_code == 503 and answers[0].headers["retry-after"] == "1"
    assert answers[0].json()["error"]["code"] == "engine_lost"


def test_the_openai_client_raises_what_the_stream_reports(slow):
    stream = slow.openai().completions.create(model="slow", prompt="Once", max_tokens=3000,
                                              stream=True, extra_body={"ignore_eos": True})
    with pytest.raises(openai.APIError) as lost:
        for number, _ in enumerate(stream):
            if number == 1:
                os.kill(slow.worker("slow"), signal.SIGKILL)
    assert lost.value.code == "engine_lost"


def test_the_openai_client_retries_by_itself(slow):
    os.kill(slow.worker("slow"), signal.SIGKILL)
    answer = slow.openai(max_retries=2).completions.create(model="slow", prompt="Once",
                                                           max_tokens=3)
    assert answer.usage.completion_tokens == 3


def test_a_worker_killed_while_idle_is_noticed(slow):
    os.kill(slow.worker("slow"), signal.SIGKILL)
    assert eventually(lambda: slow.models() == [])
    assert eventually(lambda: slow.get("/v1/models/slow").json()["state"] == "unloaded")
    assert slow.get("/healthz").status_code == 200


def test_another_models_stream_is_not_disturbed(slow_home, stories_folder):
    with Server(slow_home, "--model", "slow", str(stories_folder), "--max-loaded",
                "2") as server:
        doomed, other = server.worker(stories_folder.name), server.worker("slow")
        body = LONG | {"max_tokens": 40, "stream": True}
        with server.http() as client, client.stream("POST", "/v1/completions",
                                                    json=body) as answer:
            lines = answer.iter_lines()
            next(lines)
            os.kill(doomed, signal.SIGKILL)
            assert "data: [DONE]" in list(lines)
        assert server.worker("slow") == other
