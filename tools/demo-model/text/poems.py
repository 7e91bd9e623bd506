"""Four rhymed lines, and a haiku, about a given thing."""

from text.copying import any_word
from text.dialogue import Turn

THINGS = """sun moon sea wind rain snow fire tree rose river star night spring winter summer autumn
cat dog bird fox bee cloud hill garden lamp house""".split()
_PAIRS = [
    ("The {t} is here, the day is bright,", "it fills the world with golden light."),
    ("O {t}, I see you every day,", "you take my heavy thoughts away."),
    ("I sing a song about the {t},", "and all my friends sing it with me."),
    ("The {t} is quiet, calm and still,", "a gentle wind comes down the hill."),
    ("When I am sad I think of you,", "dear {t}, and all the sky turns blue."),
    ("The {t} was there before we came,", "and no two days are quite the same."),
]
_ENDS = [
    ("So let us sit beside the fire,", "and watch the sparks go high and higher."),
    ("The evening comes, the birds fly home,", "and softly ends my little poem."),
    ("And when the stars begin to glow,", "we say good night and homeward go."),
    ("Stay here a while and dream with me,", "of hills and stars and open sea."),
]
_HAIKU = [
    ("Quiet {t}, I wait", "a small light in the morning", "and the day begins"),
    ("Look, the {t} again", "soft and slow the hours go by", "evening is near"),
    ("I think of the {t}", "one leaf falls into the stream", "nothing else is said"),
]
_ASK = [
    "Write a poem about the {t}.",
    "Write a short poem about the {t}.",
    "A poem about the {t}, please.",
    "Can you write a poem about the {t}?",
    "Make a rhyme about the {t}.",
    "poem about the {t}",
    "Tell me a poem about the {t}.",
    "Write a verse about the {t}.",
    "Please write four lines about the {t}.",
]
_ASK_ANY = [
    "Write a poem.",
    "Tell me a poem.",
    "A poem, please.",
    "Write me a short poem.",
    "write a poem",
    "Can you write a poem?",
    "Make a rhyme.",
]


def sample(s) -> list[Turn]:
    thing = s.pick(THINGS) if s.chance(0.65) else any_word(s).lower()
    if s.chance(0.2):
        text = "\n".join(line.format(t=thing) for line in s.pick(_HAIKU))
        return [
            Turn(
                s.pick(
                    ["Write a haiku about the {}.", "A haiku about the {}.", "haiku about the {}"]
                ).format(thing),
                text,
                f"Three short lines about the {thing}.",
            )
        ]
    lines = [line.format(t=thing) for line in s.pick(_PAIRS) + s.pick(_ENDS)]
    if s.chance(0.2) and thing in THINGS:
        return [Turn(s.pick(_ASK_ANY), "\n".join(lines), f"A poem about the {thing}.")]
    return [
        Turn(
            s.pick(_ASK).format(t=thing),
            "\n".join(lines),
            f"A poem about the {thing} in four lines that rhyme.",
        )
    ]
