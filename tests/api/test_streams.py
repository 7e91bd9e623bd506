"""Streams byte by byte: frames, many at once, and clients that leave."""

import concurrent.futures
import json
import socket

import httpx2
import openai
import pytest
from conftest import MODEL
from server import eventually

ASK = [{"role": "user", "content": "Once upon a time"}]
ENDLESS = {"prompt": "Once upon a time", "max_tokens": 3000, "ignore_eos": True, "stream": True}


def frames(text: str) -> list[str]:
    assert text.endswith("\n\n")
    return text[:-2].split("\n\n")


def test_frames_are_what_openai_clients_can_read(stories):
    answer = stories.post("/v1/chat/completions", {
        "model": MODEL, "messages": ASK, "stream": True, "max_tokens": 30,
        "stream_options": {"include_usage": True}})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    sent = frames(answer.text)
    assert sent[-1] == "data: [DONE]"
    # One line a frame, data only: clients parse id:, event: and retry: frames as JSON and fail.
    assert all(frame.startswith(("data: ", ": ping")) and "\n" not in frame for frame in sent)
    chunks = [json.loads(frame[6:]) for frame in sent[:-1] if frame.startswith("data: ")]
    first, last, usage = chunks[0], chunks[-2], chunks[-1]
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert last["choices"][0]["delta"] == {} and last["choices"][0]["finish_reason"] == "length"
    assert usage["choices"] == [] and usage["usage"]["completion_tokens"] == 30
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert all(chunk["object"] == "chat.completion.chunk" for chunk in chunks)
    assert not any("error" in chunk for chunk in chunks)


def test_without_include_usage_no_chunk_speaks_of_usage(stories):
    answer = stories.post("/v1/chat/completions", {
        "model": MODEL, "messages": ASK, "stream": True, "max_tokens": 5})
    for frame in frames(answer.text)[:-1]:
        assert "usage" not in json.loads(frame[6:])


def test_an_error_before_the_first_byte_is_a_plain_answer(stories):
    answer = stories.post("/v1/completions",
                          {"model": MODEL, "prompt": [403] * 600, "stream": True})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "context_length_exceeded"


def test_32_streams_at_once_are_each_their_own_solo_run(stories):
    prompts = [f"{start} {name}" for start in ("Once upon a time", "One day", "The little", "Mom")
               for name in ("Tom", "Lily", "Ben", "Sue", "a cat", "the dog", "a bird", "two boys")]
    client = stories.openai()

    def run(prompt: str) -> str:
        stream = client.completions.create(model=MODEL, prompt=prompt, max_tokens=100,
                                           temperature=0, stream=True)
        return "".join(chunk.choices[0].text for chunk in stream if chunk.choices)

    solo = [run(prompt) for prompt in prompts]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        together = list(pool.map(run, prompts))
    assert together == solo and len(set(solo)) > 16


def test_requests_really_share_steps(slow):
    def run(_):
        return slow.post("/v1/completions", {"prompt": "Once", "max_tokens": 20,
                                             "ignore_eos": True}).json()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(run, i) for i in range(8)]
        assert eventually(lambda: slow.metric("hearth_model_requests", state="running") > 1)
    assert all(one.result()["usage"]["completion_tokens"] == 20 for one in running)


def test_a_client_that_leaves_cancels_its_generation(slow):
    before = slow.metric("hearth_generations_total", outcome="cancelled")
    with slow.http() as client, client.stream("POST", "/v1/completions", json=ENDLESS) as answer:
        next(answer.iter_lines())
    assert eventually(
        lambda: slow.metric("hearth_generations_total", outcome="cancelled") == before + 1)
    assert eventually(lambda: slow.models()[0]["running"] == 0)


def test_a_client_that_leaves_an_unstreamed_answer_cancels_it_too(slow):
    body = json.dumps(ENDLESS | {"stream": False}).encode()
    with socket.create_connection(("127.0.0.1", slow.port)) as wire:
        wire.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert eventually(lambda: slow.models()[0]["running"] == 1)
    assert eventually(lambda: slow.metric("hearth_generations_total", outcome="cancelled") == 1)
    assert eventually(lambda: slow.models()[0]["running"] == 0)


def test_the_openai_client_can_abort_a_stream(slow):
    with slow.openai().completions.create(model="slow", prompt="Once upon", max_tokens=3000,
                                          stream=True) as stream:
        next(iter(stream))
    assert eventually(lambda: slow.metric("hearth_generations_total", outcome="cancelled") == 1)


def test_the_openai_clients_timeout_cancels_the_generation(slow):
    impatient = slow.openai(timeout=1.0)
    with pytest.raises(openai.APITimeoutError):
        impatient.completions.create(model="slow", prompt="Once", max_tokens=3000,
                                     extra_body={"ignore_eos": True})
    assert eventually(lambda: slow.metric("hearth_generations_total", outcome="cancelled") == 1)


def test_a_silent_stream_is_kept_alive(slow_home):
    from server import Server
    with Server(slow_home, "--model", "slow", "--heartbeat", "1", "--tokens-per-step",
                "1") as server:
        body = {"prompt": [403] * 3000, "max_tokens": 1, "stream": True}
        with server.http() as client, client.stream("POST", "/v1/completions", json=body) as answer:
            assert answer.status_code == 200
            assert next(line for line in answer.iter_lines() if line) == ": ping"


def test_a_reader_that_takes_nothing_does_not_disturb_the_others(slow):
    body = json.dumps(ENDLESS | {"n": 4}).encode()
    idle = []
    for _ in range(4):
        wire = socket.create_connection(("127.0.0.1", slow.port))
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)
        idle.append(wire)
    assert eventually(lambda: slow.models()[0]["running"] == 16)
    assert slow.get("/healthz").status_code == 200
    answer = slow.post("/v1/completions", {"prompt": "Once", "max_tokens": 3})
    assert answer.json()["usage"]["completion_tokens"] == 3
    for wire in idle:
        wire.close()
    assert eventually(lambda: slow.models()[0]["running"] == 0)


def test_a_connection_is_kept_for_the_next_request(stories):
    with httpx2.Client(base_url=stories.url, trust_env=False,
                       limits=httpx2.Limits(max_connections=1)) as client:
        for _ in range(3):
            answer = client.post("/v1/completions", json={"prompt": "Once", "max_tokens": 2,
                                                          "stream": True})
            assert answer.text.endswith("data: [DONE]\n\n")
            assert answer.headers.get("connection", "keep-alive") != "close"
