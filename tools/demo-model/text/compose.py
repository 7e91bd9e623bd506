"""Which conversations does the model learn from, and how often each?"""

from text import (
    copying,
    facts,
    howto,
    json_answers,
    lists,
    poems,
    reading,
    smalltalk,
    stories,
    sums,
    tools,
    unknown,
)
from text.dialogue import Dialogue, Turn, from_turns
from text.source import Source, question_is_held_out

# Topic and how many of a hundred questions come from it; tools have their own share below.
TOPICS = [
    (smalltalk, 14),
    (facts, 12),
    (sums, 15),
    (copying, 18),
    (reading, 10),
    (unknown, 11),
    (lists, 8),
    (stories, 5),
    (json_answers, 8),
    (howto, 4),
    (poems, 3),
]
_MODULES = [module for module, share in TOPICS for _ in range(share)]
TOOLS_SHARE, NO_TOOL_SHARE, THINKING_SHARE, SYSTEM_SHARE = 0.17, 0.05, 0.35, 0.12
# Topics whose right answer might be one of the offered tools are not asked when tools must stay
# unused.
_SAFE_WITH_TOOLS = [
    smalltalk,
    smalltalk,
    smalltalk,
    facts,
    facts,
    stories,
    howto,
    lists,
    copying,
    reading,
    poems,
    unknown,
    unknown,
]
_SYSTEMS = [
    "You are a helpful assistant.",
    "You are Ember, a small and friendly assistant.",
    "You are a friendly assistant. Answer briefly.",
    "Be kind and short.",
    "You are helpful.",
    "Answer in plain words.",
    "You are a chat assistant.",
    "Today is a good day. Help the user.",
]


def _question(s: Source, module) -> list[Turn]:
    """Turns of one topic, on the wanted side of the hold-out rule (in training: no held-out
    question anywhere).
    """
    while True:
        turns = module.sample(s)
        if s.held_out or not any(question_is_held_out(turn.user) for turn in turns):
            return turns


def _renamed(s: Source) -> Dialogue:
    """A system prompt gives the assistant another name."""
    name = s.name()
    turn = smalltalk.sample(s, "identity")[0]
    system = s.pick(
        [
            f"Your name is {name}.",
            f"You are {name}.",
            f"You are {name}, a helpful assistant.",
            f"You are called {name}. Be kind.",
        ]
    )
    turn.user = s.pick(
        [
            "Who are you?",
            "What is your name?",
            "who are you",
            "Tell me your name.",
            "What should I call you?",
        ]
    )
    turn.answer = f"I am {name}. How can I help you?"
    turn.thought = f"The system says that I am {name}."
    return from_turns([turn], system, s.chance(0.3), "renamed")


def _chat(s: Source, turns_wanted: int) -> Dialogue:
    turns: list[Turn] = []
    while len(turns) < turns_wanted:
        topic = s.pick(_MODULES)
        found = _question(s, topic)
        if topic is reading and len(found) == 2 and s.chance(0.4):
            found = [found[0], *_question(s, s.pick([sums, facts, copying, lists])), found[1]]
        turns += found
    system = s.pick(_SYSTEMS) if s.chance(SYSTEM_SHARE) else None
    return from_turns(turns, system, s.chance(THINKING_SHARE), "chat")


def dialogue(s: Source, long: bool = False) -> Dialogue:
    """One conversation; `long` ones have many turns and teach to keep hold of a long context."""
    if s.chance(0.02):
        return _renamed(s)
    draw = s.rng.random()
    if draw < TOOLS_SHARE:
        while True:
            found = tools.use(
                s, s.chance(THINKING_SHARE), s.pick(_SYSTEMS) if s.chance(SYSTEM_SHARE) else None
            )
            asked = next(m["content"] for m in found.messages if m["role"] == "user")
            if s.held_out or not question_is_held_out(asked):
                break
        return _continued(s, found) if long or s.chance(0.15) else found
    if draw < TOOLS_SHARE + NO_TOOL_SHARE:
        topic = s.pick(_SAFE_WITH_TOOLS)
        return tools.unused(
            s, _question(s, topic), s.chance(THINKING_SHARE), harmless=topic is unknown
        )
    return _chat(s, s.number(4, 16) if long else s.pick([1, 1, 1, 2, 2, 3]))


def _continued(s: Source, found: Dialogue) -> Dialogue:
    """Small talk before a tool is needed."""
    start = 1 if found.messages[0]["role"] == "system" else 0
    before = []
    for turn in _question(s, s.pick([smalltalk, smalltalk, facts, copying])):
        before += [
            {"role": "user", "content": turn.user},
            {"role": "assistant", "content": turn.answer},
        ]
    found.messages[start:start] = before
    return found
