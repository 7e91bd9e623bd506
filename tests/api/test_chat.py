"""POST /v1/chat/completions, driven by the openai client."""

import openai
import pytest
from conftest import MODEL

ASK = [{"role": "user", "content": "Once upon a time"}]


def chat(server, **options):
    options = {"model": MODEL, "messages": ASK, "max_tokens": 24, "temperature": 0} | options
    return server.openai().chat.completions.create(**options)


def test_the_answer_has_the_shape_of_a_chat_completion(stories):
    answer = chat(stories)
    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-")
    assert answer.model == MODEL and answer.system_fingerprint.startswith("fp_")
    choice = answer.choices[0]
    assert choice.index == 0 and choice.finish_reason == "length" and choice.logprobs is None
    assert choice.message.role == "assistant" and choice.message.refusal is None
    assert answer.usage.completion_tokens == 24
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 24
    assert answer.usage.completion_tokens_details.reasoning_tokens == 0
    assert 0 <= answer.usage.prompt_tokens_details.cached_tokens < answer.usage.prompt_tokens


def test_the_template_of_the_model_is_used(stories):
    # This model's template puts <s> and the texts one after another, as a raw prompt would.
    raw = stories.openai().completions.create(model=MODEL, prompt=ASK[0]["content"], max_tokens=24,
                                              temperature=0)
    assert chat(stories).choices[0].message.content == raw.choices[0].text


def test_several_messages_and_parts_are_read(stories):
    said = [{"role": "system", "content": "Once"},
            {"role": "user", "content": [{"type": "text", "text": "upon"},
                                         {"type": "text", "text": " a"}]},
            {"role": "assistant", "content": "time"},
            {"role": "user", "content": "there was"}]
    assert chat(stories, messages=said).choices[0].message.content


def test_the_stream_adds_up_to_the_whole_answer(stories):
    whole = chat(stories, max_tokens=100)
    chunks = list(chat(stories, max_tokens=100, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant" and not any(delta.role for delta in deltas[1:])
    assert "".join(delta.content or "" for delta in deltas) == whole.choices[0].message.content
    assert len({(chunk.id, chunk.created, chunk.model, chunk.object) for chunk in chunks}) == 1
    assert all(not chunk.usage for chunk in chunks)


def test_include_usage_sends_one_last_chunk_with_usage(stories):
    chunks = list(chat(stories, stream=True, stream_options={"include_usage": True}))
    assert [bool(chunk.usage) for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1].choices == []
    assert chunks[-1].usage == chat(stories).usage


def test_the_clients_own_accumulator_understands_the_stream(stories):
    with stories.openai().chat.completions.stream(
            model=MODEL, messages=ASK, stop=" park", temperature=0) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()  # raises if the answer did not end by itself
    assert final.choices[0].message.content == chat(stories, stop=" park",
                                                    max_tokens=60).choices[0].message.content
    assert final.choices[0].message.role == "assistant"


def test_max_completion_tokens_wins_over_max_tokens(stories):
    answer = chat(stories, max_tokens=50, max_completion_tokens=7)
    assert answer.usage.completion_tokens == 7 and answer.choices[0].finish_reason == "length"


def test_streams_of_several_choices_open_in_order(stories):
    chunks = list(chat(stories, n=3, stream=True, temperature=1, seed=2))
    opened = [chunk.choices[0].index for chunk in chunks
              if chunk.choices and chunk.choices[0].delta.role]
    assert opened == [0, 1, 2]
    ended = [chunk.choices[0].index for chunk in chunks
             if chunk.choices and chunk.choices[0].finish_reason]
    assert sorted(ended) == [0, 1, 2]


def test_penalties_change_what_is_said(stories):
    plain = chat(stories, max_tokens=150).choices[0].message.content
    for option in ({"frequency_penalty": 1.5}, {"presence_penalty": 1.5},
                   {"extra_body": {"repetition_penalty": 1.5}}):
        assert chat(stories, max_tokens=150, **option).choices[0].message.content != plain


def test_the_last_answer_can_be_continued(stories):
    said = ASK + [{"role": "assistant", "content": ", there was"}]
    answer = chat(stories, messages=said, extra_body={"continue_final_message": True})
    assert answer.choices[0].message.content


@pytest.mark.parametrize("field, value", [
    ("tools", [{"type": "function", "function": {"name": "look", "parameters": {}}}]),
    ("response_format", {"type": "json_object"}),
    ("functions", [{"name": "look", "parameters": {}}]),
    ("modalities", ["text", "audio"]),
])
def test_what_is_not_offered_is_refused_by_name(stories, field, value):
    with pytest.raises(openai.BadRequestError) as refused:
        chat(stories, **{field: value})
    assert refused.value.param == field and refused.value.code == "unsupported_parameter"
    assert field in refused.value.message


@pytest.mark.parametrize("field, value", [
    ("tools", []), ("response_format", {"type": "text"}), ("logprobs", False),
    ("modalities", ["text"]), ("store", True), ("user", "me"), ("metadata", {"a": "b"}),
    ("service_tier", "auto"), ("parallel_tool_calls", True), ("seed", -1)])
def test_what_asks_for_nothing_is_not_refused(stories, field, value):
    assert chat(stories, **{field: value}).choices


def test_an_image_is_refused_where_it_stands(stories):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    with pytest.raises(openai.BadRequestError) as refused:
        chat(stories, messages=ASK + [
            {"role": "user", "content": [{"type": "text", "text": "what is this?"}, picture]}])
    assert refused.value.param == "messages[1].content[1].type"
    assert refused.value.code == "unsupported_capability"


def test_a_conversation_longer_than_the_context_is_refused_with_both_numbers(stories):
    with pytest.raises(openai.BadRequestError) as refused:
        chat(stories, messages=[{"role": "user", "content": "word " * 2000}])
    assert refused.value.code == "context_length_exceeded"
    assert "maximum context length is 512 tokens" in refused.value.message
    assert "your messages resulted in" in refused.value.message


def test_a_text_with_control_characters_and_lone_surrogates_survives(stories):
    body = (b'{"model":"%s","max_tokens":4,"temperature":0,"messages":'
            b'[{"role":"user","content":"\\u0085 \\u2028 \\u0001 x"}]}' % MODEL.encode())
    with stories.http() as client:
        answer = client.post("/v1/chat/completions", content=body)
    assert answer.status_code == 200
