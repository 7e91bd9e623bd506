"""Copying drills: repeat, spell, pick out, fill in. Most words here are made up, so nothing can
be known by heart.
"""

from text.dialogue import Turn

COMMON = """apple river stone house window garden bread chair table cloud mountain bottle lamp paper
winter music pencil forest bridge candle morning silver button pocket letter island castle
engine basket ladder mirror carpet kettle orange lemon tiger rabbit turtle blue green quick
quiet gentle brave clever""".split()
_REPEAT = [
    "Repeat after me: {}",
    "Say: {}",
    "Repeat: {}",
    "Please repeat: {}",
    "Say {}",
    "Repeat these words: {}",
    "Copy this: {}",
    "Write exactly this: {}",
    "Repeat exactly: {}",
    "repeat {}",
    "Echo: {}",
    "Please say {}",
    "Now say this: {}",
    "Copy these words: {}",
    "Type {}",
    "Say this back to me: {}",
]


def any_word(s) -> str:
    word = s.word() if s.chance(0.75) else s.pick(COMMON)
    if s.chance(0.2):
        word = word.capitalize()
    elif s.chance(0.04):
        word = word.upper()
    return word


def code(s) -> str:
    """A mixed token as in order numbers and file names."""
    form = s.number(0, 3)
    if form == 0:
        return "".join(str(s.number(0, 9)) for _ in range(s.number(2, 7)))
    if form == 1:
        return s.word().upper()[:3] + s.pick(["-", "", "_"]) + str(s.number(1, 999))
    if form == 2:
        return s.word() + s.pick(
            [".txt", ".pdf", ".md", "@mail.com", "_" + s.word(), "-" + s.word()]
        )
    return s.word() + str(s.number(1, 99))


def words(s, low: int, high: int) -> list[str]:
    return [code(s) if s.chance(0.08) else any_word(s) for _ in range(s.number(low, high))]


def repeat(s, count: int | None = None) -> Turn:
    found = words(s, 1, 6) if count is None else [s.word() for _ in range(count)]
    text = s.pick([" ", " ", ", "]).join(found)
    return Turn(
        s.pick(_REPEAT).format(f'"{text}"' if s.chance(0.15) else text), text, f"I repeat: {text}"
    )


def _many(s) -> Turn:
    word, times = any_word(s), s.number(2, 5)
    count = ["two", "three", "four", "five"][times - 2]
    ask = s.pick(["Write {w} {c} times.", "Say {w} {c} times.", "Repeat {w} {c} times."])
    return Turn(
        ask.format(w=word, c=s.pick([count, times])),
        " ".join([word] * times),
        f"{word}, {count} times.",
    )


def _spell(s) -> Turn:
    word = any_word(s)
    ask = s.pick(
        ["Spell {}.", "Spell the word {}.", "How do you spell {}?", "spell {}", "Please spell {}."]
    )
    return Turn(ask.format(word), "-".join(word), f"The letters of {word}.")


def _place(s) -> Turn:
    found = [any_word(s) for _ in range(s.number(3, 6))]
    while len(set(found)) < len(found):
        found = [any_word(s) for _ in range(s.number(3, 6))]
    text = ", ".join(found)
    which = s.number(0, 3)
    if which == 0:
        return Turn(
            s.pick(
                [
                    "What is the first word: {}",
                    "Which word is first in this list? {}",
                    "First word of: {}",
                ]
            ).format(text),
            f"The first word is {found[0]}.",
            f"First: {found[0]}",
        )
    if which == 1:
        return Turn(
            s.pick(
                [
                    "What is the last word: {}",
                    "Which word is last in this list? {}",
                    "Last word of: {}",
                ]
            ).format(text),
            f"The last word is {found[-1]}.",
            f"Last: {found[-1]}",
        )
    i = s.number(0, len(found) - 2)
    if which == 2:
        return Turn(
            s.pick(
                ["Which word comes after {w}: {t}", "In the list {t}, what follows {w}?"]
            ).format(w=found[i], t=text),
            f"After {found[i]} comes {found[i + 1]}.",
            f"After {found[i]}: {found[i + 1]}",
        )
    return Turn(
        s.pick(
            ["Make a list of: {}", "Put this into a list: {}", "List these as bullet points: {}"]
        ).format(text),
        "\n".join("- " + w for w in found),
        "One line for each word.",
    )


def _greet(s) -> Turn:
    name, city = s.name(), s.city()
    which = s.number(0, 4)
    if which == 0:
        return Turn(
            s.pick(["Say hello to {}.", "Please greet {}.", "Say hi to my friend {}."]).format(
                name
            ),
            f"Hello {name}!",
            f"I greet {name}.",
        )
    if which == 1:
        return Turn(
            s.pick(["Write a sentence with the word {}.", "Use {} in a sentence."]).format(
                w := any_word(s)
            ),
            s.pick([f"I like the word {w}.", f"Today I learned the word {w}."]),
            f"A sentence with {w}.",
        )
    if which == 2:
        return Turn(
            s.pick(["Say that {n} lives in {c}.", "Tell me that {n} lives in {c}."]).format(
                n=name, c=city
            ),
            f"{name} lives in {city}.",
            f"{name}, {city}.",
        )
    if which == 3:
        return Turn(
            s.pick(["Write {} in capital letters.", "Put {} in upper case."]).format(
                w := any_word(s).lower()
            ),
            w.upper(),
            f"{w} in capitals.",
        )
    other = s.name()
    return Turn(
        s.pick(["Write a birthday wish for {}.", "Wish {} a happy birthday."]).format(other),
        f"Happy birthday, {other}! I wish you a wonderful day.",
        f"A wish for {other}.",
    )


def sample(s) -> list[Turn]:
    return [
        s.pick(
            [repeat, repeat, repeat, repeat, repeat, _many, _spell, _place, _place, _greet, _greet]
        )(s)
    ]
