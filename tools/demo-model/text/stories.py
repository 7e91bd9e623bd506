"""Short stories out of a small grammar: who, where, what went wrong, who helped, how it ended."""

from text.copying import any_word
from text.dialogue import Turn
from text.facts import article

HEROES = """
fox rabbit cat dog bear mouse owl frog duck horse sheep lion hedgehog squirrel girl boy king
queen dragon robot wizard farmer knight baker princess pirate turtle bird elephant snail""".split()
_KINDS = "little brave clever old young kind lazy shy happy tiny".split()
_PLACES = """in a deep forest|by the blue sea|on a green hill|near a quiet river|in a small village|
in a big city|at the edge of the desert|on a high mountain|in an old castle|
on a tiny island|next to a red barn|under a tall tree""".replace("\n", "").split("|")
_TROUBLES = [
    ("lost {p} way in the fog", "showed {o} the path home", "the right path"),
    ("could not find anything to eat", "shared a warm soup", "a full plate"),
    ("heard a strange noise at night", "lit a lamp and looked around", "only the wind in the door"),
    ("found a golden key", "knew the door for it", "a room full of books"),
    ("wanted to cross the river", "built a small boat", "the other side of the river"),
    ("lost a red ball", "looked under every bush", "the ball behind a stone"),
    ("was afraid of the dark", "pointed at the bright stars", "how lovely the night can be"),
    ("had no friend to play with", "asked {o} to play", "a true friend"),
    ("broke a beautiful cup", "brought some strong glue", "that mistakes can be mended"),
    ("saw that it rained for days", "made a roof of leaves", "a dry and cosy place"),
    ("wanted to fly like a bird", "made a kite out of paper", "how high a kite can go"),
    ("felt very cold in the snow", "made a small fire", "the warm light of the embers"),
]
_MORNING = [
    "One morning",
    "One day",
    "One evening",
    "On a windy day",
    "On a sunny day",
    "Early in spring",
]
_ENDS = [
    "From then on they were the best of friends.",
    "And so they laughed until the sun went down.",
    "That night everybody slept well.",
    "And they never forgot that day.",
    "After that nobody was afraid any more.",
]
_ASK = [
    "Tell me a story about {a}.",
    "Tell me a short story about {a}.",
    "Write a story about {a}.",
    "A story about {a}, please.",
    "Can you tell me a story about {a}?",
    "I would like a story about {a}.",
    "Write a short story about {a}.",
    "story about {a}",
    "Please tell a tale about {a}.",
    "Make up a story about {a}.",
    "Tell me a bedtime story about {a}.",
]
_ASK_ANY = [
    "Tell me a story.",
    "Tell me a short story.",
    "Write a story.",
    "A story, please.",
    "Can you tell me a story?",
    "tell me a story",
    "Write a short story.",
    "I want to hear a story.",
    "Once upon a time",
    "Make up a story.",
    "Tell me something.",
    "Another story, please.",
    "Tell me another story.",
]
_NAMES = "Pip Rolo Mila Tuck Nell Bodo Fina Lumi Otto Wren".split()


def story(s, hero: str, name: str | None) -> str:
    she = s.chance(0.5)
    subject, own, obj = ("she", "her", "her") if she else ("he", "his", "him")
    if hero in ("queen", "girl", "princess"):
        subject, own, obj = "she", "her", "her"
    if hero in ("king", "boy"):
        subject, own, obj = "he", "his", "him"
    name = name or s.pick(_NAMES)
    friend = s.pick([h for h in HEROES if h != hero])
    kind, friend_kind = s.some(_KINDS, 2)
    trouble, help_, found = s.pick(_TROUBLES)
    trouble, help_ = trouble.format(p=own), help_.format(o=obj)
    first = f"Once upon a time {article(kind)} {hero} called {name} lived {s.pick(_PLACES)}."
    second = f"{s.pick(_MORNING)} {subject} {trouble}."
    third = s.pick(
        [
            f"{name} was sad.",
            f"{name} did not know what to do.",
            f'"What shall I do?" said {name}.',
            f"{name} sat down and thought.",
        ]
    )
    fourth = f"Then {article(friend_kind)} {friend} came by and {help_}."
    fifth = (
        f"Together they found {found}."
        if not found.startswith(("how", "that"))
        else f"So {name} learned {found}."
    )
    return " ".join([first, second, third, fourth, fifth, s.pick(_ENDS)])


def sample(s, about: bool = False) -> list[Turn]:
    hero = s.pick(HEROES) if s.chance(0.75) else any_word(s).lower()
    if not about and s.chance(0.25):
        return [Turn(s.pick(_ASK_ANY), story(s, hero, None), f"A story about {article(hero)}.")]
    named = s.chance(0.25)
    name = s.name() if named else None
    topic = article(hero) + (f" called {name}" if named else "")
    if s.chance(0.2) and not named:
        topic = article(s.pick(_KINDS)) + " " + hero
    return [
        Turn(
            s.pick(_ASK).format(a=topic),
            story(s, hero, name),
            f"A story about {topic}. It needs a place, a problem and a good end.",
        )
    ]
