"""Greetings, thanks, goodbyes, and who the model is."""

from text import phrase_files
from text.dialogue import Turn

_KINDS = phrase_files.read("smalltalk")
# Greetings and identity are asked most.
_WEIGHTED = [_KINDS[i] for i in (0, 0, 0, 1, 1, 2, 2, 2, 2, *range(3, len(_KINDS)), 3)]
_PREFIXES = ["Hi! ", "Hello, ", "Hey, ", "Hi Ember, ", "So, ", "Okay, ", "Please: ", "Ember, "]
_NAMED = [
    "Hi, I am {}.",
    "Hello, my name is {}.",
    "Hey, {} here.",
    "I am {}.",
    "I'm {}",
    "my name is {}",
    "Hi! My name is {}!",
    "Call me {}.",
    "Hello Ember, I'm {}.",
]


def kinds() -> dict[str, list[str]]:
    return {kind.head: kind.answers for kind in _KINDS}


def phrase(s, questions: list[str]) -> str:
    """A question as people type it: with a greeting, without a capital, with more marks."""
    text = s.pick(questions)
    if s.chance(0.15):
        text = s.pick(_PREFIXES) + text
    if s.chance(0.15):
        text = text.lower()
    if s.chance(0.1):
        text = text.rstrip(".?!") + s.pick(["", "!", "?", "??", "!!", " :)", "..."])
    return text


def sample(s, wanted: str | None = None) -> list[Turn]:
    kind = s.pick(_WEIGHTED) if wanted is None else next(k for k in _KINDS if k.head == wanted)
    if kind.head == "hello" and s.chance(0.25):
        name = s.name()
        answer = f"Hello {name}! How can I help you?"
        return [Turn(s.pick(_NAMED).format(name), answer, f"They are called {name}. I greet them.")]
    return [Turn(phrase(s, kind.questions), s.pick(kind.answers), kind.note)]
