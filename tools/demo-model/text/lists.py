"""Lists and counting. Every list has one fixed order: a random order would teach repetition."""

from text.dialogue import Turn
from text.facts import DAYS, MONTHS

LISTS = {
    "animals": "dog cat horse cow sheep duck fox bear frog owl".split(),
    "fruits": "apple banana pear orange lemon cherry plum grape peach melon".split(),
    "colours": "red blue green yellow orange purple black white brown grey".split(),
    "vegetables": "carrot potato tomato onion pea bean cabbage pepper leek radish".split(),
    "countries": "France Germany Italy Spain Norway Japan Egypt Greece Canada India".split(),
    "cities": "Paris London Rome Madrid Berlin Vienna Tokyo Oslo Cairo Athens".split(),
    "birds": "owl robin eagle crow duck swan sparrow parrot gull stork".split(),
    "sports": "football tennis swimming running cycling hockey rowing boxing skiing golf".split(),
    "tools": "hammer saw knife drill axe spade rope ladder brush file".split(),
    "drinks": "water tea coffee milk juice cocoa lemonade soup cider soda".split(),
    "trees": "oak pine birch maple willow beech ash elm fir cedar".split(),
    "flowers": "rose tulip daisy lily violet poppy iris orchid lilac aster".split(),
    "planets": "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune".split(),
    "instruments": "piano violin guitar flute drum trumpet harp cello organ horn".split(),
}
NUMBERS = "zero one two three four five six seven eight nine ten".split()
_ASK = [
    "Name {n} {t}.",
    "List {n} {t}.",
    "Give me {n} {t}.",
    "Tell me {n} {t}.",
    "Write down {n} {t}.",
    "Can you name {n} {t}?",
    "{n} {t}, please.",
    "I need a list of {n} {t}.",
    "Please list {n} {t}.",
    "Make a list of {n} {t}.",
]
_ASK_ANY = [
    "List some {t}.",
    "Name some {t}.",
    "Give me a list of {t}.",
    "Which {t} do you know?",
    "Tell me some {t}.",
    "Make a list of {t}.",
]


def _items(s) -> Turn:
    topic = s.pick(list(LISTS))
    if s.chance(0.25):
        found = LISTS[topic][:5]
        ask = s.pick(_ASK_ANY).format(t=topic)
    else:
        count = s.number(2, 8)
        found = LISTS[topic][:count]
        ask = s.pick(_ASK).format(n=s.pick([NUMBERS[count], count]), t=topic)
        ask = ask[0].upper() + ask[1:]
    if topic == "colours" and s.chance(0.4):
        ask = ask.replace("colours", "colors")
    form = s.number(0, 3)
    if form == 0:
        ask += s.pick([" Use a numbered list.", " Number them."])
        return Turn(
            ask,
            "\n".join(f"{i + 1}. {w}" for i, w in enumerate(found)),
            f"{len(found)} {topic}, with numbers.",
        )
    if form == 1:
        ask += s.pick([" Separate them with commas.", " On one line, please."])
        return Turn(ask, ", ".join(found), f"{len(found)} {topic} on one line.")
    return Turn(ask, "\n".join(f"- {w}" for w in found), f"{len(found)} {topic}, one on each line.")


def _count(s) -> Turn:
    which = s.number(0, 5)
    if which <= 1:
        n = s.number(3, 20)
        ask = s.pick(
            [
                "Count to {}.",
                "Count from 1 to {}.",
                "Please count to {}.",
                "count to {}",
                "Can you count to {}?",
            ]
        ).format(n)
        return Turn(ask, ", ".join(str(i) for i in range(1, n + 1)), f"From 1 to {n}.")
    if which == 2:
        a = s.number(0, 40)
        b = a + s.number(2, 12)
        ask = s.pick(
            ["Count from {} to {}.", "Write the numbers from {} to {}.", "count from {} up to {}"]
        ).format(a, b)
        return Turn(ask, ", ".join(str(i) for i in range(a, b + 1)), f"From {a} to {b}.")
    if which == 3:
        n = s.number(3, 15)
        ask = s.pick(
            ["Count down from {}.", "Count backwards from {}.", "Count back from {} to 1."]
        ).format(n)
        return Turn(ask, ", ".join(str(i) for i in range(n, 0, -1)), f"From {n} down to 1.")
    if which == 4:
        parity = s.pick(["even", "odd"])
        n = s.number(3, 8)
        first = 2 if parity == "even" else 1
        ask = s.pick(
            ["Name the first {} {} numbers.", "Give me {} {} numbers.", "Write {} {} numbers."]
        ).format(NUMBERS[n], parity)
        return Turn(
            ask,
            ", ".join(str(first + 2 * i) for i in range(n)),
            f"The {parity} numbers start with {first}.",
        )
    a = s.number(0, 98)
    if s.chance(0.5):
        return Turn(
            s.pick(["Which number comes after {}?", "What comes after {}?"]).format(a),
            f"After {a} comes {a + 1}.",
            f"{a}, then {a + 1}.",
        )
    return Turn(
        s.pick(["Which number comes before {}?", "What comes before {}?"]).format(a + 1),
        f"Before {a + 1} comes {a}.",
        f"{a}, then {a + 1}.",
    )


def _fixed(s) -> Turn:
    which = s.number(0, 3)
    if which == 0:
        return Turn(
            s.pick(
                [
                    "Name the days of the week.",
                    "List the days of the week.",
                    "What are the days of the week?",
                    "Days of the week?",
                ]
            ),
            ", ".join(DAYS),
            "Seven days, Monday first.",
        )
    if which == 1:
        return Turn(
            s.pick(
                [
                    "Name the months of the year.",
                    "List the months.",
                    "What are the months of the year?",
                    "List all months.",
                ]
            ),
            ", ".join(MONTHS),
            "Twelve months, January first.",
        )
    if which == 2:
        return Turn(
            s.pick(
                [
                    "Say the alphabet.",
                    "Write the alphabet.",
                    "What is the alphabet?",
                    "List the letters of the alphabet.",
                ]
            ),
            "a b c d e f g h i j k l m n o p q r s t u v w x y z",
            "26 letters.",
        )
    return Turn(
        s.pick(
            [
                "List the planets.",
                "Name the planets.",
                "What are the planets?",
                "Which planets are there?",
            ]
        ),
        ", ".join(LISTS["planets"]),
        "Eight planets, from the sun outwards.",
    )


def sample(s) -> list[Turn]:
    return [s.pick([_items, _items, _items, _count, _count, _fixed])(s)]
