"""Answers that stand in the conversation itself: remembered names, small texts to read."""

from text.copying import any_word, code
from text.dialogue import Turn
from text.facts import article

_THINGS = "ball hat book kite lamp cup coat bag drum chair boat key box shoe bell".split()
_COLOURS = "red blue green yellow white black brown orange purple".split()
_LIKES = """
tea soup bread music books rain snow dogs cats apples cheese honey games swimming dancing""".split()


def _remember(s) -> list[Turn]:
    """Tell something, talk about it later."""
    kind = s.pick(["name", "city", "pet", "code", "like"])
    if kind == "name":
        x = s.name()
        tell, ask = (
            s.pick(["My name is {}.", "I am {}.", "Hello, I'm {}.", "Please call me {}."]),
            ["What is my name?", "Who am I?", "Do you remember my name?", "what's my name?"],
        )
        reply, answer = f"Hello {x}! How can I help you?", f"Your name is {x}."
    elif kind == "city":
        x = s.city()
        tell, ask = (
            s.pick(["I live in {}.", "I am from {}.", "My home is {}.", "I come from {}."]),
            ["Where do I live?", "Where am I from?", "Which city do I live in?"],
        )
        reply, answer = f"{x}! That sounds like a nice place.", f"You live in {x}."
    elif kind == "pet":
        x, animal = s.name(), s.pick(["dog", "cat", "horse", "bird", "fish"])
        tell, ask = (
            f"My {animal} is called {{}}.",
            [f"What is my {animal} called?", f"What is the name of my {animal}?"],
        )
        reply, answer = (
            f"{x} is a lovely name for {article(animal)}.",
            f"Your {animal} is called {x}.",
        )
    elif kind == "code":
        x = code(s) if s.chance(0.5) else any_word(s)
        tell, ask = (
            s.pick(
                [
                    "The secret word is {}.",
                    "Remember the word {}.",
                    "Remember this: {}",
                    "The password is {}.",
                ]
            ),
            [
                "What was the word?",
                "What did I tell you to remember?",
                "Which word should you remember?",
            ],
        )
        reply, answer = "I will remember it.", f"You told me {x}."
    else:
        x = s.pick(_LIKES)
        tell, ask = (
            s.pick(["I like {}.", "I love {}."]),
            ["What do I like?", "Tell me what I like."],
        )
        reply, answer = f"Nice! I have heard that {x} can make people happy.", f"You like {x}."
    return [
        Turn(tell.format(x), reply, f"I note: {x}."),
        Turn(s.pick(ask), answer, f"They told me: {x}."),
    ]


def _owners(s) -> list[Turn]:
    names = [s.name() for _ in range(s.number(2, 4))]
    if len(set(names)) < len(names):
        return _owners(s)
    things = s.some(_THINGS, len(names))
    colours = [s.pick(_COLOURS) for _ in names]
    text = " ".join(f"{n} has {article(c)} {t}." for n, c, t in zip(names, colours, things))
    i = s.number(0, len(names) - 1)
    what = s.number(0, 2)
    if what == 0:
        return [
            Turn(
                f"{text} What does {names[i]} have?",
                f"{names[i]} has {article(colours[i])} {things[i]}.",
                f"{names[i]}: {things[i]}.",
            )
        ]
    if what == 1:
        return [
            Turn(
                f"{text} Who has the {things[i]}?",
                f"{names[i]} has the {things[i]}.",
                f"The {things[i]}: {names[i]}.",
            )
        ]
    return [
        Turn(
            f"{text} What colour is the {things[i]}?",
            f"The {things[i]} is {colours[i]}.",
            f"The {things[i]}: {colours[i]}.",
        )
    ]


def _person(s) -> list[Turn]:
    name, city, age = s.name(), s.city(), s.number(5, 99)
    work = s.pick(
        ["baker", "teacher", "farmer", "doctor", "painter", "singer", "pilot", "cook", "gardener"]
    )
    text = s.pick(
        [
            "{n} is {a} years old and lives in {c}. {n} works as {w}.",
            "{n} lives in {c}, is {a} years old and works as {w}.",
            "In {c} lives {n}, {a} years old, who works as {w}.",
        ]
    ).format(n=name, a=age, c=city, w=article(work))
    ask, answer = s.pick(
        [
            ("Where does {n} live?", f"{name} lives in {city}."),
            ("How old is {n}?", f"{name} is {age} years old."),
            ("What does {n} do?", f"{name} works as {article(work)}."),
            ("What is the name of the person?", f"The name is {name}."),
            ("Who is this about?", f"It is about {name}."),
        ]
    )
    question = ask.format(n=name)
    return [
        Turn(
            s.pick(
                [
                    f"{text} {question}",
                    f"{text}\n\n{question}",
                    f"Read this: {text} {question}",
                    f"{question} {text}",
                ]
            ),
            answer,
            "The answer stands in the text.",
        )
    ]


def sample(s) -> list[Turn]:
    return s.pick([_remember, _remember, _owners, _person])(s)
