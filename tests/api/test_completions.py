"""POST /v1/completions, driven by the openai client, on a real trained model."""

import checkpoints
import openai
import pytest
from conftest import MODEL

PROMPT = "Once upon a time"


def complete(server, **options):
    options = {"model": MODEL, "prompt": PROMPT, "max_tokens": 24, "temperature": 0} | options
    return server.openai().completions.create(**options)


def test_greedy_text_is_the_published_story_letter_for_letter(stories):
    story = checkpoints.published_story()
    answer = complete(stories, max_tokens=300)
    assert (PROMPT + answer.choices[0].text)[:len(story)] == story


def test_streamed_text_is_the_whole_text(stories):
    whole = complete(stories, max_tokens=120).choices[0]
    stream = list(complete(stories, max_tokens=120, stream=True))
    assert "".join(chunk.choices[0].text for chunk in stream if chunk.choices) == whole.text
    reasons = [chunk.choices[0].finish_reason for chunk in stream if chunk.choices]
    assert reasons[-1] == "length" and not any(reasons[:-1])


def test_the_answer_has_the_shape_of_a_text_completion(stories):
    answer = complete(stories)
    assert answer.object == "text_completion" and answer.id.startswith("cmpl-")
    assert answer.model == MODEL and answer.system_fingerprint.startswith("fp_")
    assert answer.choices[0].finish_reason == "length" and answer.choices[0].logprobs is None
    assert answer.usage.prompt_tokens == 5  # <s> and four pieces
    assert answer.usage.completion_tokens == 24 and answer.usage.total_tokens == 29


def test_the_end_token_ends_the_story(stories):
    # generation_config.json names <s> beside </s>: this model closes its stories with <s>.
    answer = complete(stories, prompt="One day, a cat saw a dog.", max_tokens=-1, temperature=1,
                      seed=7)
    assert answer.choices[0].finish_reason == "stop"
    assert "<s>" not in answer.choices[0].text


def test_the_context_ends_an_endless_answer(stories):
    answer = complete(stories, max_tokens=-1, extra_body={"ignore_eos": True})
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.total_tokens == 512


def test_a_list_of_prompts_gives_a_choice_for_each(stories):
    prompts = [PROMPT, "One day, Tom", "Lily and her mom"]
    answer = complete(stories, prompt=prompts)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    alone = [complete(stories, prompt=prompt).choices[0].text for prompt in prompts]
    assert [choice.text for choice in answer.choices] == alone


def test_token_ids_are_a_prompt_too(stories):
    ids = [1, 403, 407, 261, 378]  # golden.json: <s> Once upon a time
    assert complete(stories, prompt=ids).choices[0].text == complete(stories).choices[0].text


@pytest.mark.parametrize("stop", [" park", ["zebra", "Lily. She"]])
def test_a_stop_string_ends_the_text_and_is_not_part_of_it(stories, stop):
    whole = complete(stories, max_tokens=60).choices[0].text
    first = stop if isinstance(stop, str) else stop[1]
    assert first in whole
    for stream in (False, True):
        answer = complete(stories, max_tokens=60, stop=stop, stream=stream)
        if stream:
            chunks = [chunk.choices[0] for chunk in answer if chunk.choices]
            text, reason = "".join(one.text for one in chunks), chunks[-1].finish_reason
        else:
            text, reason = answer.choices[0].text, answer.choices[0].finish_reason
        assert text == whole[:whole.index(first)] and reason == "stop"


def test_a_seed_makes_sampling_repeatable(stories):
    one = complete(stories, temperature=1.2, seed=11, max_tokens=60).choices[0].text
    again = complete(stories, temperature=1.2, seed=11, max_tokens=60).choices[0].text
    other = complete(stories, temperature=1.2, seed=12, max_tokens=60).choices[0].text
    assert one == again and one != other


def test_n_gives_several_choices(stories):
    answer = complete(stories, n=3, temperature=1.0, seed=5, max_tokens=40)
    texts = [choice.text for choice in answer.choices]
    assert len(texts) == 3 and len(set(texts)) == 3
    assert texts[0] == complete(stories, temperature=1.0, seed=5, max_tokens=40).choices[0].text


def test_sampling_limits_change_nothing_when_only_one_token_is_left(stories):
    greedy = complete(stories).choices[0].text
    for narrow in ({"top_p": 0.0}, {"extra_body": {"top_k": 1}}, {"extra_body": {"min_p": 1.0}}):
        assert complete(stories, temperature=1.5, seed=3, **narrow).choices[0].text == greedy


def test_a_suffix_is_refused_with_the_reason(stories):
    with pytest.raises(openai.BadRequestError) as refused:
        complete(stories, suffix="the end")
    assert refused.value.param == "suffix" and refused.value.code == "unsupported_parameter"
    assert "fill in the middle" in refused.value.message


@pytest.mark.parametrize("extra", [{"echo": False}, {"best_of": 1}, {"suffix": None}])
def test_what_asks_for_nothing_is_not_refused(stories, extra):
    assert complete(stories, **extra).choices[0].text


def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(stories):
    with pytest.raises(openai.BadRequestError) as refused:
        complete(stories, prompt=[403] * 700)
    assert refused.value.code == "context_length_exceeded"
    assert "512" in str(refused.value) and "700" in str(refused.value)


def test_token_ids_beyond_the_vocabulary_are_refused(stories):
    with pytest.raises(openai.BadRequestError) as refused:
        complete(stories, prompt=[1, 512])
    assert "512" in str(refused.value)


def test_an_empty_prompt_starts_from_the_beginning_token(stories):
    answer = complete(stories, prompt="")
    assert answer.usage.prompt_tokens == 1 and answer.choices[0].text
