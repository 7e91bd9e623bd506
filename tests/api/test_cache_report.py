"""Where and why a prompt was no longer found in the cache, for those who ask."""

import json

import pytest

from conftest import MODEL
from server import Server

TALE = "Once upon a time there was a little dog who loved to play in the park with a ball. " * 4
CHANGED = TALE.replace("little dog", "small cat", 3).replace("small cat", "little dog", 2)


def ask(server, prompt, headers=None, **fields) -> dict:
    body = {"model": MODEL, "prompt": prompt, "max_tokens": 1, "temperature": 0} | fields
    answer = server.post("/v1/completions", body, headers=headers or {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_changed_prompt_is_told_with_the_text_around_the_change(stories):
    ask(stories, TALE)
    report = ask(stories, CHANGED, return_cache_report=True)["prefix_cache"]
    assert len(report) == 1
    assert report[0]["rule"] == "differs"
    assert 32 <= report[0]["cached_tokens"] <= report[0]["position"]
    assert "cat" in report[0]["here"] and "dog" in report[0]["earlier"]
    assert f"at token {report[0]['position']}" in stories.log
    assert "small cat" not in stories.log, "texts of prompts do not belong into a log"


def test_a_header_asks_as_well_and_nobody_else_is_told(stories):
    told = ask(stories, TALE, headers={"x-hearth-cache-report": "true"})
    assert told["prefix_cache"][0]["rule"] == "hit"
    assert "prefix_cache" not in ask(stories, TALE)


def test_the_request_can_decline_the_cache(stories):
    ask(stories, TALE)
    told = ask(stories, TALE, cache_prompt=False, return_cache_report=True)
    assert told["prefix_cache"] == [{"cached_tokens": 0, "rule": "off", "position": 0}]
    assert told["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


def test_a_stream_tells_at_its_end_and_each_prompt_has_its_own(stories):
    body = {"model": MODEL, "prompt": [TALE, CHANGED], "max_tokens": 2, "temperature": 0,
            "stream": True, "return_cache_report": True,
            "stream_options": {"include_usage": True}}
    lines = stories.post("/v1/completions", body).text.split("\n")
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    told = [chunk["prefix_cache"] for chunk in chunks if "prefix_cache" in chunk]
    assert len(told) == 1 and len(told[0]) == 2 and chunks[-1]["prefix_cache"] == told[0]


@pytest.mark.parametrize("flag", ["--no-prefix-cache", "--prefix-cache=false"])
def test_the_cache_can_be_switched_off(stories_home, flag):
    with Server(stories_home, "--model", MODEL, flag) as server:
        ask(server, TALE)
        told = ask(server, TALE, return_cache_report=True)["prefix_cache"]
    assert told == [{"cached_tokens": 0, "rule": "off", "position": 0}]
