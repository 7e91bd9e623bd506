"""How tokens are chosen: biases, filters and their order, seeds alone and in company, limits."""

import concurrent.futures
import json

import checkpoints
import openai
import pytest
from conftest import MODEL

PROMPT = "Once upon a time"


def token_id(text: str) -> int:
    """The id of a token of stories260K, by its text."""
    vocabulary = json.loads((checkpoints.STORIES / "tokenizer.json").read_text())["model"]["vocab"]
    return vocabulary[text.replace(" ", "\u2581")]


def complete(server, **options):
    options = {"model": MODEL, "prompt": PROMPT, "max_tokens": 24, "temperature": 0} | options
    return server.openai().completions.create(**options)


def text(server, **options) -> str:
    return complete(server, **options).choices[0].text


def refusal(server, **options) -> openai.BadRequestError:
    with pytest.raises(openai.BadRequestError) as refused:
        complete(server, **options)
    return refused.value


def test_a_bias_forces_a_token(stories):
    # 403 407 261 378: "Once upon a time"
    assert text(stories, max_tokens=3, logit_bias={"403": 100}) == " Once" * 3


def test_a_bias_bans_a_token_by_id_and_by_text(stories):
    plain = text(stories, max_tokens=60)
    assert " Lily" in plain
    banned = text(stories, max_tokens=60, extra_body={"logit_bias": [[" Lily", False]]})
    assert "Lily" not in banned.split(".")[0]
    first = text(stories, max_tokens=1)
    assert text(stories, max_tokens=1, logit_bias={str(token_id(first)): -100}) != first


def test_a_bias_shows_in_the_logprobs(stories):
    answer = complete(stories, max_tokens=1, logit_bias={"403": 100}, logprobs=1)
    assert answer.choices[0].logprobs.token_logprobs[0] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("bias, param", [
    ({"403": 101}, "logit_bias.403"), ({"cat": 1}, "logit_bias.cat"), ({"512": 1}, "logit_bias"),
    ([[1]], "logit_bias[0]"), ([[1, True]], "logit_bias[0][1]"), (5, "logit_bias")])
def test_a_wrong_bias_is_named(stories, bias, param):
    assert refusal(stories, extra_body={"logit_bias": bias}).param == param


def test_banning_everything_is_the_requests_own_fault(stories):
    everything = [[id, False] for id in range(512)]
    assert refusal(stories, extra_body={"logit_bias": everything}).param == "logit_bias"


def test_four_choices_are_four_requests_with_the_seeds_that_follow(stories):
    answer = complete(stories, n=4, temperature=1, seed=100, max_tokens=40)
    alone = [text(stories, temperature=1, seed=100 + k, max_tokens=40) for k in range(4)]
    assert [choice.text for choice in answer.choices] == alone
    assert len(set(alone)) == 4
    assert answer.usage.prompt_tokens == 5  # once


MIXED = [
    {"temperature": 0.8}, {"temperature": 1.3, "top_p": 0.8},
    {"temperature": 1, "extra_body": {"top_k": 20, "min_p": 0.05}},
    {"temperature": 1, "extra_body": {"xtc_probability": 0.5, "xtc_threshold": 0.05}},
    {"temperature": 1, "extra_body": {"typical_p": 0.7}},
    {"temperature": 1, "frequency_penalty": 0.7, "extra_body": {"repetition_context_size": 50}},
    {"temperature": 1, "extra_body": {"samplers": ["top_k", "top_p", "temperature"], "top_k": 9,
                                      "top_p": 0.8}},
    {"temperature": 2, "extra_body": {"top_n_sigma": 1.0}},
]


def test_a_seeded_answer_is_the_same_alone_and_in_a_batch_of_sixteen(stories):
    requests = [one | {"seed": 7 * k, "max_tokens": 80, "prompt": f"{PROMPT} {k}"}
                for k, one in enumerate(MIXED * 2)]
    alone = [text(stories, **request) for request in requests]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda request: text(stories, **request), requests))
    assert together == alone and len(set(alone)) == 16


def test_seeds_may_be_any_whole_number(stories):
    for seed in (0, -2**63, 2**63 - 1):
        options = {"temperature": 1.5, "seed": seed}
        assert text(stories, **options) == text(stories, **options)


def test_the_order_of_the_filters_can_be_chosen(stories):
    body = {"top_k": 3, "top_p": 0.9, "min_p": 0.1}
    orders = [["top_k", "top_p", "min_p", "temperature"], ["temperature", "top_p", "top_k"],
              ["penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc",
               "temperature"]]
    for order in orders:
        assert text(stories, temperature=1, seed=3, extra_body=body | {"samplers": order})
    greedy = text(stories)
    assert text(stories, temperature=1, seed=3,
                extra_body={"top_k": 1, "samplers": ["top_k"]}) == greedy
    # A step that is not named does not apply: this is a draw at temperature 1.
    drawn = text(stories, temperature=0, seed=3, extra_body={"samplers": ["top_p"]}, max_tokens=60)
    assert drawn == text(stories, temperature=1, seed=3, max_tokens=60)


@pytest.mark.parametrize("body, param", [
    ({"samplers": ["magic"]}, "samplers[0]"), ({"samplers": "kp"}, "samplers"),
    ({"samplers": ["top_k", "top_k"]}, "samplers"),
    ({"samplers": ["top_k", "penalties"]}, "samplers"),
    ({"xtc_probability": 2}, "xtc_probability"), ({"xtc_threshold": -1}, "xtc_threshold"),
    ({"typical_p": 1.5}, "typical_p"), ({"top_n_sigma": "x"}, "top_n_sigma"),
    ({"min_tokens": -1}, "min_tokens"), ({"min_tokens": 25}, "min_tokens"),
    ({"stop_token_ids": [512]}, "stop_token_ids"), ({"stop_token_ids": ["a"]}, "stop_token_ids[0]"),
    ({"t_max_predict_ms": -2}, "t_max_predict_ms"), ({"n_probs": 21}, "n_probs")])
def test_wrong_values_are_named(stories, body, param):
    assert refusal(stories, extra_body=body).param == param


def test_what_other_programs_do_differently_is_named_in_a_header(stories):
    answer = stories.post("/v1/completions", {
        "prompt": PROMPT, "max_tokens": 2, "mirostat": 2, "dry_multiplier": 0.8, "tfs_z": 1.0})
    assert answer.status_code == 200
    assert answer.headers["x-hearth-ignored"] == "dry_multiplier, mirostat"
    plain = stories.post("/v1/completions", {"prompt": PROMPT, "max_tokens": 2, "mirostat": 0})
    assert "x-hearth-ignored" not in plain.headers


def test_nothing_ends_an_answer_before_its_least_length(stories):
    ends_early = {"prompt": "One day, a cat saw a dog.", "max_tokens": -1, "temperature": 1,
                  "seed": 7}
    plain = complete(stories, **ends_early)
    assert plain.choices[0].finish_reason == "stop"
    least = plain.usage.completion_tokens + 20
    longer = complete(stories, **ends_early, extra_body={"min_tokens": least})
    assert longer.usage.completion_tokens > least


def test_stop_tokens_end_an_answer_without_being_in_it(stories):
    plain = text(stories, max_tokens=60)
    assert " Lily" in plain
    for ignore_eos in (False, True):
        answer = complete(stories, max_tokens=60, extra_body={
            "stop_token_ids": [token_id(" Lily")], "ignore_eos": ignore_eos})
        assert answer.choices[0].finish_reason == "stop"
        assert answer.choices[0].text == plain[:plain.index(" Lily")]


def test_end_tokens_can_be_ignored(stories):
    answer = complete(stories, max_tokens=300, extra_body={"ignore_eos": True})
    assert answer.usage.completion_tokens == 300
    assert answer.choices[0].finish_reason == "length"


def test_max_tokens_beyond_the_context_is_what_the_context_has_room_for(stories):
    answer = complete(stories, max_tokens=10**6, extra_body={"ignore_eos": True})
    assert answer.usage.total_tokens == 512 and answer.choices[0].finish_reason == "length"


def test_a_request_may_want_less_context(stories):
    for name in ("context_length", "num_ctx"):
        answer = complete(stories, max_tokens=300, extra_body={name: 40, "ignore_eos": True})
        assert answer.usage.total_tokens == 40 and answer.choices[0].finish_reason == "length"
    assert refusal(stories, extra_body={"num_ctx": 513}).param == "context_length"
    refused = refusal(stories, prompt=[403] * 50, extra_body={"num_ctx": 40})
    assert refused.code == "context_length_exceeded"


def test_a_deadline_ends_a_request_that_takes_longer(slow):
    with pytest.raises(openai.APIStatusError) as late:
        slow.openai().completions.create(model="slow", prompt=PROMPT, max_tokens=3000, extra_body={
            "ignore_eos": True, "timeout_seconds": 0.3})
    assert late.value.status_code == 408 and late.value.code == "timeout"


def test_a_time_limit_ends_an_answer(slow):
    answer = slow.openai().completions.create(
        model="slow", prompt=PROMPT, max_tokens=3000,
        extra_body={"ignore_eos": True, "t_max_predict_ms": 200})
    assert answer.choices[0].finish_reason == "length"
    assert 0 < answer.usage.completion_tokens < 3000
