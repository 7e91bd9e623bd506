"""Whether an answer ever holds what only another conversation said."""

import concurrent.futures
import itertools
import random

import httpx2

STARTS = ("z", "br", "m", "kl", "t", "v", "dr", "p", "gr", "s", "f", "l", "n", "st", "h", "w")
MIDDLES = ("in", "ar", "o", "ep", "u", "ol", "im", "an")
ENDS = ("dle", "rosh", "mit", "gan", "vik", "lum", "pex", "bo")


def make_words(count: int, seed: int) -> list[str]:
    """Made-up words of which none is part of another."""
    words = ["".join(parts) for parts in itertools.product(STARTS, MIDDLES, ENDS)]
    random.Random(seed).shuffle(words)
    chosen: list[str] = []
    for word in words:
        if all(word not in other and other not in word for other in chosen):
            chosen.append(word)
        if len(chosen) == count:
            return chosen
    raise AssertionError("the parts make too few words")


def talk(url: str, model: str, words: list[str], turns: int) -> str:
    """All that the model says when it is asked to repeat the words again and again."""
    said, messages = "", []
    with httpx2.Client(base_url=url, timeout=300, trust_env=False) as client:
        for turn in range(turns):
            wanted = words[turn:] + words[:turn]
            messages.append({"role": "user", "content": f"Repeat after me: {' '.join(wanted)}"})
            answer = client.post("/v1/chat/completions", json={
                "model": model, "messages": messages, "max_tokens": 40, "temperature": 0})
            answer.raise_for_status()
            text = answer.json()["choices"][0]["message"]["content"] or ""
            messages.append({"role": "assistant", "content": text})
            said += text + "\n"
    return said


def check(url: str, models: tuple[str, ...], conversations: int, seed: int) -> tuple[float, list]:
    """The share of conversations whose own words came back, and what came from others."""
    words = make_words(conversations * 3, seed)
    own = [words[i * 3:i * 3 + 3] for i in range(conversations)]
    with concurrent.futures.ThreadPoolExecutor(conversations) as pool:
        said = list(pool.map(lambda i: talk(url, models[i % len(models)], own[i], 3),
                             range(conversations)))
    faults = [f"conversation {i} of {own[i]} said \"{word}\": {text!r}"
              for i, text in enumerate(said) for word in words
              if word not in own[i] and word in text]
    answered = sum(all(word in text for word in own[i]) for i, text in enumerate(said))
    return answered / conversations, faults
