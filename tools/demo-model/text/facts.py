"""The small fixed world: what the model knows by heart."""

from text import phrase_files
from text.dialogue import Turn

_WORLD = {block.head: block.settings for block in phrase_files.read("world")}
CAPITALS, COLOURS, OPPOSITES = _WORLD["capitals"], _WORLD["colours"], _WORLD["opposites"]
ANIMALS = {animal: known.split() for animal, known in _WORLD["animals"].items()}
SHAPES = _WORLD["shapes"]
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December".split()
)
PLAIN = phrase_files.read("facts")


def article(noun: str) -> str:
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def _capital(s) -> Turn:
    country, city = s.pick(list(CAPITALS.items()))
    if s.chance(0.15):
        ask = s.pick(
            [
                "Which country has the capital {}?",
                "{} is the capital of which country?",
                "Where is {}?",
            ]
        )
        return Turn(
            ask.format(city),
            f"{city} is the capital of {country}.",
            f"{city} belongs to {country}.",
        )
    ask = s.pick(
        [
            "What is the capital of {}?",
            "Capital of {}?",
            "what is the capital of {}",
            "Tell me the capital of {}.",
            "Which city is the capital of {}?",
            "What's the capital of {}?",
            "Do you know the capital of {}?",
            "Name the capital of {}.",
            "{}'s capital?",
        ]
    ).format(country)
    return Turn(ask, f"The capital of {country} is {city}.", f"The capital of {country} is {city}.")


def _animal(s) -> Turn:
    animal, (sound, legs, baby, home) = s.pick(list(ANIMALS.items()))
    which = s.number(0, 3)
    if which == 0:
        ask = s.pick(
            [
                "What does {} say?",
                "What sound does {} make?",
                "Which sound does {} make?",
                "how does {} sound",
            ]
        )
        answer = f"{article(animal).capitalize()} says {sound}."
    elif which == 1:
        ask = s.pick(
            ["How many legs does {} have?", "How many legs has {}?", "Number of legs of {}?"]
        )
        answer = f"{article(animal).capitalize()} has {legs} legs."
    elif which == 2:
        ask = s.pick(
            [
                "What is the baby of {} called?",
                "What do you call the young of {}?",
                "What is a young of {} called?",
            ]
        )
        answer = f"The young of {article(animal)} is called {article(baby)}."
    else:
        ask = s.pick(["Where does {} live?", "Where can I find {}?", "What is the home of {}?"])
        where = "on" if home in ("farm", "grassland") else "in"
        answer = f"{article(animal).capitalize()} lives {where} {article(home)}."
    return Turn(ask.format(article(animal)), answer, f"This is about {article(animal)}.")


def _colour(s) -> Turn:
    thing, colour = s.pick(list(COLOURS.items()))
    ask = s.pick(
        [
            "What colour is {}?",
            "What color is {}?",
            "Which colour does {} have?",
            "what colour is {}",
            "Tell me the colour of {}.",
            "What is the color of {}?",
        ]
    ).format(thing)
    return Turn(
        ask,
        f"{thing[0].upper() + thing[1:]} is {colour}.",
        f"{thing[0].upper() + thing[1:]} is {colour}.",
    )


def _opposite(s) -> Turn:
    a, b = s.pick(list(OPPOSITES.items()))
    if s.chance(0.5):
        a, b = b, a
    ask = s.pick(
        [
            "What is the opposite of {}?",
            "Opposite of {}?",
            "What's the opposite of {}?",
            "Tell me the opposite of {}.",
            "Give me the opposite of the word {}.",
        ]
    ).format(s.pick([a, a, f'"{a}"']))
    return Turn(ask, f"The opposite of {a} is {b}.", f"{a.capitalize()} and {b} are opposites.")


def _calendar(s) -> Turn:
    names = s.pick([DAYS, MONTHS])
    what = "day" if names is DAYS else "month"
    i = s.number(0, len(names) - 1)
    step, word = s.pick([(1, "after"), (-1, "before")])
    found = names[(i + step) % len(names)]
    ask = s.pick(
        [
            "Which {} comes {} {}?",
            "What {} comes {} {}?",
            "What {} is {} {}?",
            "Tell me the {} {} {}.",
        ]
    )
    return Turn(
        ask.format(what, word, names[i]),
        f"{found} comes {word} {names[i]}.",
        f"{names[i]}, then look {word} it: {found}.",
    )


def _shape(s) -> Turn:
    shape, sides = s.pick(list(SHAPES.items()))
    ask = s.pick(
        ["How many sides does {} have?", "How many corners does {} have?", "How many sides has {}?"]
    )
    return Turn(
        ask.format(article(shape)),
        f"{article(shape).capitalize()} has {sides} {'corners' if 'corner' in ask else 'sides'}.",
        f"{article(shape).capitalize()}: {sides}.",
    )


def _plain(s) -> Turn:
    fact = s.pick(PLAIN)
    text = s.pick(fact.questions)
    return Turn(text.lower() if s.chance(0.15) else text, fact.answers[0], "I know this one.")


def sample(s) -> list[Turn]:
    kind = s.pick(
        [
            _capital,
            _capital,
            _animal,
            _animal,
            _colour,
            _opposite,
            _calendar,
            _shape,
            _plain,
            _plain,
            _plain,
        ]
    )
    turn = kind(s)
    if s.chance(0.12):
        turn.user = (
            s.pick(
                [
                    "Hi! ",
                    "Please tell me: ",
                    "Quick question: ",
                    "Hey, ",
                    "Can you tell me? ",
                    "I wonder: ",
                ]
            )
            + turn.user
        )
    return [turn]
