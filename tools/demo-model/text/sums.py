"""Small sums, number comparisons and word problems."""

from text.dialogue import Turn

_PLUS = [
    "What is {a} + {b}?",
    "{a} + {b}",
    "{a}+{b}",
    "{a} + {b} = ?",
    "What is {a} plus {b}?",
    "Add {a} and {b}.",
    "How much is {a} + {b}?",
    "how much is {a} plus {b}",
    "Calculate {a} + {b}.",
    "what is {a}+{b}?",
    "{a} plus {b}?",
    "Please add {a} and {b}.",
    "What is the sum of {a} and {b}?",
    "{a}+{b}=",
    "Can you add {a} and {b}?",
    "Compute {a} + {b}",
    "what's {a} + {b}",
]
_MINUS = [
    "What is {a} - {b}?",
    "{a} - {b}",
    "{a}-{b}",
    "What is {a} minus {b}?",
    "Subtract {b} from {a}.",
    "{a} - {b} = ?",
    "How much is {a} - {b}?",
    "Take {b} away from {a}.",
    "what is {a} minus {b}",
    "Calculate {a} - {b}.",
]
_TIMES = [
    "What is {a} times {b}?",
    "{a} x {b}",
    "{a} * {b}",
    "What is {a} * {b}?",
    "Multiply {a} by {b}.",
    "what is {a} times {b}",
]
_THINGS = """
apples pears books coins balls cups stones shells cards keys hats eggs nuts pens flowers""".split()


def steps(a: int, b: int) -> str:
    """The sum in small steps, as one learns it: up to ten, then on."""
    high, low = max(a, b), min(a, b)
    if high < 10 < high + low:
        part = 10 - high
        return f"{high} + {part} = 10. {low} - {part} = {low - part}. 10 + {low - part} = {a + b}."
    return f"{high} + {low} = {a + b}."


def plus(s) -> Turn:
    total = s.number(0, 20)
    a = s.number(0, total)
    b = total - a
    return Turn(s.pick(_PLUS).format(a=a, b=b), f"{a} + {b} = {a + b}", steps(a, b))


def _minus(s) -> Turn:
    a = s.number(0, 20)
    b = s.number(0, a)
    return Turn(
        s.pick(_MINUS).format(a=a, b=b),
        f"{a} - {b} = {a - b}",
        f"{b} + {a - b} = {a}. So {a} - {b} = {a - b}.",
    )


def _times(s) -> Turn:
    a, b = s.number(1, 10), s.number(1, 5)
    a, b = (b, a) if s.chance(0.5) else (a, b)
    return Turn(
        s.pick(_TIMES).format(a=a, b=b), f"{a} x {b} = {a * b}", f"{a} times {b} is {a * b}."
    )


def _story(s) -> Turn:
    name, thing = s.name(), s.pick(_THINGS)
    total = s.number(3, 20)
    a = s.number(2, total - 1)
    b = total - a
    if s.chance(0.5):
        ask = s.pick(
            [
                "{n} has {a} {t} and gets {b} more. How many {t} does {n} have?",
                "{n} has {a} {t}. {n} finds {b} more. How many {t} has {n} now?",
            ]
        )
        return Turn(
            ask.format(n=name, a=a, b=b, t=thing),
            f"{name} has {total} {thing} now: {a} + {b} = {total}.",
            steps(a, b),
        )
    ask = s.pick(
        [
            "{n} has {a} {t} and loses {b}. How many {t} are left?",
            "{n} had {a} {t} and gave {b} away. How many are left?",
        ]
    )
    return Turn(
        ask.format(n=name, a=total, b=a, t=thing),
        f"{name} has {b} {thing} left: {total} - {a} = {b}.",
        f"{total} - {a} = {b}.",
    )


def _compare(s) -> Turn:
    a, b = s.some(range(100), 2)
    if s.chance(0.5):
        ask, found = (
            s.pick(
                [
                    "Which is bigger, {a} or {b}?",
                    "Which number is larger: {a} or {b}?",
                    "What is more, {a} or {b}?",
                ]
            ),
            max(a, b),
        )
        return Turn(
            ask.format(a=a, b=b), f"{found} is bigger than {min(a, b)}.", f"I compare {a} and {b}."
        )
    ask, found = s.pick(["Which is smaller, {a} or {b}?", "What is less, {a} or {b}?"]), min(a, b)
    return Turn(
        ask.format(a=a, b=b), f"{found} is smaller than {max(a, b)}.", f"I compare {a} and {b}."
    )


def sample(s) -> list[Turn]:
    return [s.pick([plus, plus, plus, plus, plus, _minus, _minus, _times, _story, _compare])(s)]
