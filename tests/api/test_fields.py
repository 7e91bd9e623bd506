"""What a wrong body is answered with: the path of every wrong field, in one answer."""

import openai
import pytest
from conftest import MODEL

GOOD = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}


def error_of(server, body, path="/v1/chat/completions", status=400) -> dict:
    answer = server.post(path, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize("change, param, code", [
    ({"temperature": "hot"}, "temperature", "invalid_value"),
    ({"temperature": 3}, "temperature", "invalid_value"),
    ({"top_p": 1.5}, "top_p", "invalid_value"),
    ({"n": 0}, "n", "invalid_value"),
    ({"n": 17}, "n", "invalid_value"),
    ({"max_tokens": 0}, "max_tokens", "invalid_value"),
    ({"max_tokens": 2.5}, "max_tokens", "invalid_value"),
    ({"presence_penalty": 2.5}, "presence_penalty", "invalid_value"),
    ({"frequency_penalty": -3}, "frequency_penalty", "invalid_value"),
    ({"stop": 5}, "stop", "invalid_value"),
    ({"stop": ["a", 1]}, "stop[1]", "invalid_value"),
    ({"stop": ["x"] * 17}, "stop", "invalid_value"),
    ({"stream": "yes"}, "stream", "invalid_value"),
    ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage", "invalid_value"),
    ({"messages": None}, "messages", "missing_required_parameter"),
    ({"messages": []}, "messages", "invalid_value"),
    ({"messages": "hi"}, "messages", "invalid_value"),
    ({"messages": ["hi"]}, "messages[0]", "invalid_value"),
    ({"messages": [{"content": "hi"}]}, "messages[0].role", "missing_required_parameter"),
    ({"messages": [{"role": "wizard", "content": "hi"}]}, "messages[0].role", "invalid_value"),
    ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_value"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]},
     "messages[0].content[0].text", "invalid_value"),
    ({"messages": [{"role": "user", "content": [{"text": "x"}]}]},
     "messages[0].content[0].type", "invalid_value"),
])
def test_a_wrong_field_is_named_by_its_path(stories, change, param, code):
    error = error_of(stories, GOOD | change)
    assert error["param"] == param and error["code"] == code
    assert error["type"] == "invalid_request_error" and param in error["message"]


def test_all_wrong_fields_come_in_one_answer(stories):
    error = error_of(stories, GOOD | {
        "temperature": "hot", "top_p": 7, "n": [], "tools": [{"type": "function"}],
        "messages": [{"role": "user", "content": "hi"}, {"role": "wizard", "content": 1}]})
    for path in ("temperature", "top_p", "n", "tools", "messages[1].role", "messages[1].content"):
        assert path in error["message"]


@pytest.mark.parametrize("content, words", [
    (b"{", "JSON"), (b"", "JSON"), (b"[1, 2]", "object"), (b'{"model": "\xff"}', "")])
def test_what_is_no_json_object_is_refused(stories, content, words):
    with stories.http() as client:
        answer = client.post("/v1/chat/completions", content=content,
                             headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_null_is_absent_and_unknown_fields_never_fail(stories):
    body = GOOD | {"temperature": None, "stop": None, "stream": None, "never_heard_of_it": {"a": 1}}
    assert stories.post("/v1/chat/completions", body).status_code == 200


def test_a_whole_number_may_be_written_as_a_fraction(stories):
    assert stories.post("/v1/chat/completions", GOOD | {"max_tokens": 2.0}).status_code == 200


def test_completions_name_the_wrong_prompt(stories):
    for prompt, param in [(5, "prompt"), ([], "prompt"), (["a", 5], "prompt[1]"),
                          ([[1, "x"]], "prompt[0]"), ([[1], [-1]], "prompt[1][0]")]:
        error = error_of(stories, {"model": MODEL, "prompt": prompt}, "/v1/completions")
        assert error["param"].startswith(param), (prompt, error)


def test_the_openai_client_raises_its_own_error_with_param(stories):
    with pytest.raises(openai.BadRequestError) as refused:
        stories.openai().chat.completions.create(**(GOOD | {"temperature": 9}))
    assert refused.value.param == "temperature" and refused.value.status_code == 400
    assert refused.value.request_id


def test_a_body_beyond_the_limit_is_refused_and_the_server_lives(stories):
    with stories.http() as client:
        answer = client.post("/v1/chat/completions", content=b" " * (65 * 1024 * 1024))
    assert answer.status_code == 413 and answer.json()["error"]["code"] == "request_too_large"
    assert stories.get("/healthz").status_code == 200
