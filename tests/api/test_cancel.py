"""POST /v1/requests/{id}/cancel."""

import concurrent.futures
import json

from server import eventually

ENDLESS = {"prompt": "Once upon a time", "max_tokens": 3000, "ignore_eos": True}


def test_a_cancelled_stream_just_ends_and_its_work_too(slow):
    with slow.http() as client, client.stream("POST", "/v1/completions",
                                              json=ENDLESS | {"stream": True}) as answer:
        lines = answer.iter_lines()
        chunk = json.loads(next(lines).removeprefix("data: "))
        cancelled = slow.post(f"/v1/requests/{chunk['id']}/cancel", {})
        assert cancelled.status_code == 200
        assert cancelled.json() == {"id": chunk["id"], "status": "cancelled"}
        rest = [line for line in lines if line]
    assert not any("[DONE]" in line or "error" in line for line in rest)
    assert all(json.loads(line.removeprefix("data: "))["choices"][0]["finish_reason"] is None
               for line in rest)
    assert eventually(lambda: slow.models()[0]["running"] == 0)
    assert slow.metric("hearth_generations_total", outcome="cancelled") == 1


def test_a_whole_answer_is_told_that_it_was_cancelled(slow):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow.post, "/v1/completions", ENDLESS | {"n": 3},
                              headers={"x-request-id": "mine-1"})
        assert eventually(lambda: slow.models()[0]["running"] == 3)
        assert slow.post("/v1/requests/mine-1/cancel", {}).status_code == 200
        answer = waiting.result()
    assert answer.status_code == 499
    assert answer.json()["error"]["code"] == "request_cancelled"
    assert eventually(lambda: slow.models()[0]["running"] == 0)


def test_what_does_not_run_is_not_found(stories):
    done = stories.post("/v1/completions", {"prompt": "Once", "max_tokens": 2})
    for name in ("nobody", done.json()["id"], done.headers["x-request-id"]):
        answer = stories.post(f"/v1/requests/{name}/cancel", {})
        assert answer.status_code == 404 and answer.json()["error"]["code"] == "not_found"
