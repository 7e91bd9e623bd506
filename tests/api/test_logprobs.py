"""Log-probabilities, prompts told back and the best of several, by the openai client."""

import math

import openai
import pytest
from conftest import MODEL

PROMPT = "Once upon a time"
ASK = [{"role": "user", "content": PROMPT}]


def complete(server, **options):
    options = {"model": MODEL, "prompt": PROMPT, "max_tokens": 24, "temperature": 0} | options
    return server.openai().completions.create(**options)


def chat(server, **options):
    options = {"model": MODEL, "messages": ASK, "max_tokens": 24, "temperature": 0} | options
    return server.openai().chat.completions.create(**options)


def test_a_chats_tokens_make_up_its_text(stories):
    choice = chat(stories, logprobs=True, top_logprobs=5).choices[0]
    tokens = choice.logprobs.content
    assert len(tokens) == 24
    assert b"".join(bytes(token.bytes) for token in tokens).decode() == choice.message.content
    for token in tokens:
        chances = [top.logprob for top in token.top_logprobs]
        assert len(chances) == 5 and chances == sorted(chances, reverse=True)
        assert token.token == token.top_logprobs[0].token  # greedy
        assert token.logprob == chances[0] <= 0
        assert sum(math.exp(chance) for chance in chances) <= 1.0001


def test_a_stream_tells_the_same_beside_its_text(stories):
    whole = chat(stories, logprobs=True, top_logprobs=2).choices[0]
    told, text = [], ""
    for chunk in chat(stories, logprobs=True, top_logprobs=2, stream=True):
        choice = chunk.choices[0]
        text += choice.delta.content or ""
        if choice.logprobs:
            told += choice.logprobs.content
            assert b"".join(bytes(token.bytes) for token in told).decode() == text
    assert told == whole.logprobs.content


def test_the_clients_own_accumulator_collects_them(stories):
    with stories.openai().chat.completions.stream(model=MODEL, messages=ASK, stop=" park",
                                                  temperature=0, logprobs=True) as stream:
        for _ in stream:
            pass
        choice = stream.get_final_completion().choices[0]
    text = b"".join(bytes(token.bytes) for token in choice.logprobs.content).decode()
    assert text == choice.message.content


def test_nobody_gets_what_he_did_not_ask_for(stories):
    assert chat(stories).choices[0].logprobs is None
    assert complete(stories).choices[0].logprobs is None
    zero = chat(stories, logprobs=True).choices[0].logprobs
    assert all(token.top_logprobs == [] for token in zero.content)


def test_the_draw_does_not_change_what_is_reported(stories):
    cold = chat(stories, logprobs=True, top_logprobs=3).choices[0].logprobs.content[0]
    hot = chat(stories, logprobs=True, top_logprobs=3, temperature=1.5, seed=4,
               extra_body={"top_k": 2}).choices[0].logprobs.content[0]
    assert hot.top_logprobs == cold.top_logprobs


def test_a_completions_tokens_come_as_columns(stories):
    choice = complete(stories, logprobs=3).choices[0]
    told = choice.logprobs
    assert "".join(told.tokens) == choice.text
    assert told.text_offset == [len("".join(told.tokens[:i])) for i in range(24)]
    assert all(len(top) == 3 and max(top.values()) == logprob
               for top, logprob in zip(told.top_logprobs, told.token_logprobs, strict=True))


def test_characters_of_several_tokens_are_whole_in_the_text_and_bytes_in_the_tokens(stories):
    # This vocabulary has no emoji: it is four tokens of one byte each.
    choice = complete(stories, prompt="\U0001F600é", echo=True, logprobs=0, max_tokens=1).choices[0]
    told = choice.logprobs
    assert choice.text.startswith("\U0001F600é")
    face = [i for i, token in enumerate(told.tokens) if token.startswith("bytes:")]
    assert [told.tokens[i] for i in face][:4] == [
        "bytes:\\xf0", "bytes:\\x9f", "bytes:\\x98", "bytes:\\x80"]
    assert len({told.text_offset[i] for i in face[:4]}) == 1


def test_an_echoed_prompt_is_as_likely_as_when_it_was_written(stories):
    written = complete(stories, logprobs=0).choices[0]
    text = PROMPT + written.text
    echoed = complete(stories, prompt=text, echo=True, logprobs=0, max_tokens=1).choices[0]
    assert echoed.text.startswith(text)
    told = echoed.logprobs
    assert told.token_logprobs[0] is None and told.top_logprobs[0] is None
    assert all(logprob is not None for logprob in told.token_logprobs[1:])
    assert told.tokens[-25:-1] == written.logprobs.tokens
    for echo, first in zip(told.token_logprobs[-25:-1], written.logprobs.token_logprobs,
                           strict=True):
        assert echo == pytest.approx(first, abs=1e-3)


def test_echo_puts_the_prompt_first_in_every_form(stories):
    plain = complete(stories).choices[0].text
    answer = complete(stories, echo=True)
    assert answer.choices[0].text == PROMPT + plain
    assert answer.usage == complete(stories).usage
    stream = complete(stories, echo=True, stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == PROMPT + plain
    several = complete(stories, prompt=["One day", PROMPT], echo=True).choices
    assert several[0].text.startswith("One day") and several[1].text == PROMPT + plain
    ids = complete(stories, prompt=[403, 407, 261, 378], echo=True).choices[0].text
    assert ids.strip().startswith(PROMPT)


def test_the_best_of_several_is_the_likeliest(stories):
    options = {"temperature": 1.2, "max_tokens": 30, "logprobs": 0, "seed": 21}
    each = [complete(stories, **(options | {"seed": 21 + k})).choices[0] for k in range(5)]
    each.sort(reverse=True, key=lambda one: sum(one.logprobs.token_logprobs) /
              len(one.logprobs.token_logprobs))
    best = complete(stories, **options, n=2, best_of=5)
    assert [choice.text for choice in best.choices] == [one.text for one in each[:2]]
    assert [choice.index for choice in best.choices] == [0, 1]
    assert best.usage.completion_tokens == 150
    unseen = complete(stories, **(options | {"logprobs": None}), n=1, best_of=5).choices[0]
    assert unseen.text == each[0].text and unseen.logprobs is None


def test_a_stop_string_takes_its_tokens_along(stories):
    for stream in (False, True):
        answer = complete(stories, max_tokens=60, stop=" park", logprobs=0, stream=stream)
        choices = [chunk.choices[0] for chunk in answer] if stream else answer.choices
        text = "".join(choice.text for choice in choices)
        tokens = [token for choice in choices if choice.logprobs
                  for token in choice.logprobs.tokens]
        assert "park" not in text and "".join(tokens) == text


def test_reasoning_is_told_apart(demo):
    answer = demo.openai().chat.completions.create(
        model="demo", messages=[{"role": "user", "content": "What is 3 + 4?"}], temperature=0,
        max_tokens=300, logprobs=True, extra_body={"enable_thinking": True})
    choice = answer.choices[0]
    text = b"".join(bytes(token.bytes) for token in choice.logprobs.content).decode()
    assert text == choice.message.content
    thought = getattr(choice.message, "reasoning_content", None)
    if thought:
        told = choice.logprobs.reasoning_content
        assert b"".join(bytes(token["bytes"]) for token in told).decode().strip() == thought.strip()


def test_token_ids_are_listed_for_those_who_ask(stories):
    whole = complete(stories, extra_body={"return_token_ids": True}).choices[0]
    assert len(whole.token_ids) == 24
    again = complete(stories, prompt=[1, 403, 407, 261, 378, *whole.token_ids], echo=True)
    assert whole.text in again.choices[0].text
    stream = complete(stories, stream=True, extra_body={"return_token_ids": True})
    ids = [id for chunk in stream for id in getattr(chunk.choices[0], "token_ids", None) or []]
    assert ids == whole.token_ids
    assert not hasattr(complete(stories).choices[0], "token_ids")


def test_reasoning_can_be_hidden_or_left_in_place(demo):
    def ask(**extra):
        return demo.openai().chat.completions.create(
            model="demo", messages=[{"role": "user", "content": "What is 3 + 4?"}],
            temperature=0, max_tokens=300, extra_body={"enable_thinking": True} | extra)
    plain, hidden = ask(), ask(include_reasoning=False)
    assert not getattr(hidden.choices[0].message, "reasoning_content", None)
    assert hidden.choices[0].message.content == plain.choices[0].message.content
    assert hidden.usage.completion_tokens == plain.usage.completion_tokens
    raw = ask(reasoning_format="none").choices[0].message
    assert not getattr(raw, "reasoning_content", None)
    assert raw.content.endswith(plain.choices[0].message.content)
    if getattr(plain.choices[0].message, "reasoning_content", None):
        assert "</think>" in raw.content


@pytest.mark.parametrize("field, options", [
    ("top_logprobs", {"logprobs": True, "top_logprobs": 21}),
    ("top_logprobs", {"top_logprobs": 3}),
    ("logprobs", {"logprobs": 3}),
])
def test_wrong_values_in_a_chat_are_named(stories, field, options):
    with pytest.raises(openai.BadRequestError) as refused:
        chat(stories, **options)
    assert refused.value.param == field


@pytest.mark.parametrize("field, options", [
    ("logprobs", {"logprobs": 21}),
    ("logprobs", {"logprobs": True}),
    ("echo", {"echo": "yes"}),
    ("best_of", {"n": 3, "best_of": 2}),
    ("best_of", {"best_of": 4, "stream": True}),
])
def test_wrong_values_in_a_completion_are_named(stories, field, options):
    with pytest.raises(openai.BadRequestError) as refused:
        complete(stories, **options)
    assert refused.value.param == field
