"""The test: prompts the model has never seen, and what counts as a right answer.

Every case is drawn from the held-out side: its question is kept out of the training text, and its
made-up words, names and cities too.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from text import (
    copying,
    facts,
    howto,
    json_answers,
    lists,
    reading,
    smalltalk,
    stories,
    sums,
    tools,
    unknown,
)
from text.dialogue import Dialogue, from_turns
from text.source import Source, question_is_held_out

CALL = re.compile(r"<tool_call>\n(.*?)\n</tool_call>", re.DOTALL)


@dataclass
class Case:
    skill: str
    messages: list[dict]
    tools: list[dict] | None
    right: Callable[[str], bool]  # of the text after the think block
    thinking: bool = False


def calls_in(text: str) -> list[dict] | None:
    """The calls of an answer, or None where one is no JSON object with a name and arguments."""
    try:
        found = [json.loads(piece) for piece in CALL.findall(text)]
    except json.JSONDecodeError:
        return None
    fine = all(isinstance(c, dict) and set(c) == {"name", "arguments"} for c in found)
    return found if found and fine and CALL.sub("", text).strip() == "" else None


def _held(make: Callable[[], Dialogue]) -> Dialogue:
    """Draws until the first question is one that the training text may not contain."""
    while True:
        found = make()
        if question_is_held_out(next(m["content"] for m in found.messages if m["role"] == "user")):
            return found


def _last(skill: str, found: Dialogue, right=None, thinking: bool = False) -> Case:
    """Asks for the last message of a conversation; right is what it says, word for word, unless
    told otherwise.
    """
    wanted = found.messages[-1]["content"]
    return Case(
        skill, found.messages[:-1], found.tools, right or (lambda text: text == wanted), thinking
    )


def _smalltalk(s: Source, kind: str, skill: str) -> Case:
    found = _held(lambda: from_turns(smalltalk.sample(s, kind), None, False, kind))
    wanted = found.messages[-1]["content"]
    fine = (
        {wanted}
        if wanted.endswith("! How can I help you?") and wanted.startswith("Hello ")
        else set(smalltalk.kinds()[kind])
    )
    return _last(skill, found, lambda text: text in fine)


def _tool_call(s: Source, skill: str, thinking: bool = False) -> Case:
    found = _held(lambda: tools.use(s, False, told=False))
    wanted = [{"name": found.facts["name"], "arguments": a} for a in found.facts["arguments"]]
    return _last(skill, found, lambda text: calls_in(text) == wanted, thinking)


def _tool_told(s: Source) -> Case:
    return _last("tool result told", _held(lambda: tools.use(s, False, told=True)))


def _no_call(s: Source) -> Case:
    topic = s.pick([smalltalk, facts, copying, reading, unknown])
    found = _held(lambda: tools.unused(s, topic.sample(s), False, harmless=topic is unknown))
    return _last("no call where no tool fits", found, lambda text: "<tool_call>" not in text)


def _declined(s: Source) -> Case:
    found = _held(lambda: from_turns(unknown.sample(s), None, False, ""))
    return _last("unknown question declined", found, lambda text: text in unknown.ANSWERS)


def _sum(s: Source, skill: str, thinking: bool = False) -> Case:
    return _last(
        skill, _held(lambda: from_turns([sums.plus(s)], None, False, "")), thinking=thinking
    )


def _story(s: Source) -> Case:
    found = _held(lambda: from_turns(stories.sample(s, about=True), None, False, ""))
    hero = re.search(r"a story about an? (.*?)\. It", " " + stories_thought(found))
    return _last(
        "story on the topic",
        found,
        lambda text: (
            text.startswith("Once upon a time") and hero.group(1).split(" called ")[-1] in text
        ),
    )


def stories_thought(found: Dialogue) -> str:
    """The topic as the question names it, in the words of the thought."""
    question = found.messages[-2]["content"].rstrip(".?").removesuffix(", please")
    return "a story about " + question.split("about ", 1)[1] + ". It"


def _topic(skill: str, module) -> Callable[[Source], Case]:
    return lambda s: _last(skill, _held(lambda: from_turns(module.sample(s), None, False, "")))


def _recall(s: Source) -> Case:
    def make() -> Dialogue:
        turns = reading.sample(s)
        while len(turns) < 2:
            turns = reading.sample(s)
        return from_turns([turns[0], *sums.sample(s), turns[1]], None, False, "")

    return _last("recall after another question", _held(make))


SKILLS: dict[str, Callable[[Source], Case]] = {
    "greeting right": lambda s: _smalltalk(s, "hello", "greeting right"),
    "identity right": lambda s: _smalltalk(s, "identity", "identity right"),
    "tool call": lambda s: _tool_call(s, "tool call"),
    "tool call, thinking": lambda s: _tool_call(s, "tool call, thinking", thinking=True),
    "tool result told": _tool_told,
    "no call where no tool fits": _no_call,
    "sums to 20": lambda s: _sum(s, "sums to 20"),
    "sums to 20, thinking": lambda s: _sum(s, "sums to 20, thinking", thinking=True),
    "repeat three made-up words": lambda s: _last(
        "repeat three made-up words",
        _held(lambda: from_turns([copying.repeat(s, 3)], None, False, "")),
    ),
    "unknown question declined": _declined,
    "facts of its world": _topic("facts of its world", facts),
    "lists and counting": _topic("lists and counting", lists),
    "other copying drills": _topic("other copying drills", copying),
    "answers from a given text": lambda s: _last(
        "answers from a given text",
        _held(lambda: from_turns(s.pick([reading._owners, reading._person])(s), None, False, "")),
    ),
    "recall after another question": _recall,
    "JSON on request": lambda s: _last(
        "JSON on request", _held(lambda: from_turns([json_answers.person(s)], None, False, ""))
    ),
    "how-to in steps": _topic("how-to in steps", howto),
    "story on the topic": _story,
}


def draw(count: int, seed: str) -> list[Case]:
    """Up to `count` different cases for each skill; some skills have fewer that are held out."""
    found: list[Case] = []
    for skill, make in SKILLS.items():
        seen: dict[str, Case] = {}
        for i in range(4 * count):
            case = make(Source(f"{seed}/{skill}/{i}", held_out=True))
            seen.setdefault(json.dumps([case.messages, case.tools]), case)
            if len(seen) == count:
                break
        found += seen.values()
    return found
