"""The tools that training conversations offer: definitions, questions, results, how to tell them.

The file phrases/tools.txt has one block per tool; kinds of values are drawn in `slot`. A third of
the tools is made up word by word, so that names and keys are read from the definition and not known
by heart.
"""

from dataclasses import dataclass

from text import phrase_files
from text.copying import any_word
from text.facts import DAYS

_RANGES = {
    "big": (2, 9999),
    "small": (1, 99),
    "few": (2, 12),
    "degree": (-9, 38),
    "some": (2, 40),
}
_SKIES = ["sunny", "cloudy", "rainy", "windy", "snowy", "foggy", "clear"]
_FOODS = "pizza soup salad pasta bread cake rice fish curry burger".split()
_UNITS = "km miles kg pounds metres feet litres grams".split()
_LANGUAGES = "French German Spanish Italian Dutch Polish Greek Japanese".split()


@dataclass
class ToolKind:
    names: list[str]
    description: str
    parameters: dict[str, str]
    questions: list[str]
    result: dict[str, str]
    telling: str


def _kind(block: phrase_files.Block) -> ToolKind:
    settings = {key: phrase_files.pairs(value) for key, value in block.settings.items()}
    return ToolKind(
        block.head.split(),
        block.note,
        settings["parameters"],
        block.questions,
        settings["result"],
        block.answers[0],
    )


POOL = [_kind(block) for block in phrase_files.read("tools")]


def slot(s, kind: str):
    """A value of one kind; integers stay integers in JSON."""
    if kind == "city":
        return s.city()
    if kind == "name":
        return s.name()
    if kind == "word":
        return any_word(s)
    if kind == "phrase":
        return " ".join(any_word(s).lower() for _ in range(s.number(1, 4)))
    if kind == "file":
        return s.word() + s.pick([".txt", ".md", ".pdf", ".csv", ".json"])
    if kind == "symbol":
        return s.word().upper()[:4]
    if kind == "clock":
        return f"{s.number(0, 23)}:{s.number(0, 59):02d}"
    if kind in _RANGES:
        return s.number(*_RANGES[kind])
    return s.pick(
        {
            "sky": _SKIES,
            "day": DAYS,
            "food": _FOODS,
            "unit": _UNITS,
            "language": _LANGUAGES,
            "done": ["ok", "done", "sent"],
            "device": ["lamp", "radio", "heater", "fan", "oven", "light", s.word()],
        }[kind]
    )


def made_up(s) -> ToolKind:
    """A tool nobody has seen: its name, its key and its result are made-up words."""
    thing, key = s.word(), s.pick([s.word(), "name", "city", "id", "item", "place"])
    kind = s.pick(["city", "name", "word", "small"])
    verb = s.pick(["get", "find", "read", "check", "fetch"])
    return ToolKind(
        [f"{verb}_{thing}"],
        s.pick(
            [f"{verb.capitalize()} the {thing} of a {key}.", f"{verb.capitalize()} the {thing}."]
        ),
        {key: kind},
        [
            f"What is the {thing} of {{{key}}}?",
            f"{verb.capitalize()} the {thing} of {{{key}}}.",
            f"Tell me the {thing} of {{{key}}}.",
            f"{thing} of {{{key}}}?",
            f"Which {thing} has {{{key}}}?",
        ],
        {thing: s.pick(["word", "big"])},
        f"The {thing} of {{{key}}} is {{{thing}}}.",
    )
