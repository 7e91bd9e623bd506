"""Where do names, cities and made-up words come from, and which of them are kept for the test?

A word or a question is *held out* when a checksum of its text falls on a fixed remainder. The
training text never contains one; the test uses nothing else. The rule needs no list and survives
any change of the generator.
"""

import random
import zlib

NAMES = """
Anna Ben Clara David Ella Felix Grace Henry Ida Jack Karl Lena Mia Noah Olga Peter Rosa Sam
Tina Uma Victor Wendy Yara Zoe Tom Lucy Max Nina Oscar Paula Leo Emma Hugo Alice Bob Sofia
Ahmed Priya Kenji Maria John Sarah Omar Elena Ivan Chloe Daniel Fatima George Hana Julia
Kofi Liam Marta Nils Olivia Pablo Ruth Simon Tara""".split()
CITIES = """Paris London Berlin Madrid Rome Vienna Oslo Tokyo Cairo Lima Boston Sydney Athens Dublin
Lisbon Prague Warsaw Helsinki Toronto Chicago Delhi Seoul Nairobi Munich Hamburg Geneva
Zurich Milan Naples Porto Lyon Ghent Bergen Denver Dallas Seattle Havana Quito Bogota Hanoi
Manila Dakar Accra Tunis Rabat Riga Vilnius Sofia Belgrade Zagreb Bern Kyoto Osaka Mumbai
Karachi Tehran Baghdad Amman Beirut Ankara Izmir Odessa Minsk Turin Seville Valencia Bristol
Leeds Glasgow Cardiff Perth Hobart Auckland Ottawa Montreal Houston Miami Austin Portland
Phoenix Atlanta""".split()
# Real cities that only the test may name.
TEST_CITIES = """
Malmo Utrecht Tampere Cordoba Brisbane Krakow Antwerp Bologna Salzburg Medellin Kigali
Lusaka Tallinn Nagoya Busan Calgary Memphis Oakland Plymouth Dresden Bilbao Marseille Gdansk
Split Aarhus""".split()
TEST_NAMES = """
Astrid Bruno Celine Dmitri Esther Fergus Gwen Harald Ingrid Jasper Katya Lionel Mabel Nadia
Orson Petra Quentin Rafael Selma Tobias""".split()

_ONSETS = (
    "b c d f g h j k l m n p r s t v w y z br cr dr fl gr kl "
    "pl pr st tr th sh ch sk sl sn sp".split()
    + [""] * 3
)
_VOWELS = "a e i o u a e i o u ai ea ee ou oo ia io".split()
_CODAS = ["", "", "", "", *"n r l s t m k x d p nd st rk ng sh ck th".split()]


def checksum(text: str, salt: str = "ember") -> int:
    return zlib.crc32((salt + text.lower()).encode())


def word_is_held_out(word: str) -> bool:
    return checksum(word) % 8 == 0


def question_is_held_out(text: str) -> bool:
    """Short everyday questions ("hi", "who are you?") stay in the training text: everybody asks
    them first.
    """
    return len(text) > 18 and checksum(text, "question") % 12 == 0


class Source:
    """Draws words. `held_out` chooses the side: training never sees what the test draws."""

    def __init__(self, seed: int | str, held_out: bool = False):
        self.rng = random.Random(seed)
        self.held_out = held_out

    def pick(self, options):
        return options[int(self.rng.random() * len(options))]

    def some(self, options, count: int) -> list:
        return self.rng.sample(list(options), count)

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def number(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def _syllables(self) -> str:
        count = self.pick([1, 2, 2, 2, 3, 3])
        return "".join(
            self.pick(_ONSETS) + self.pick(_VOWELS) + self.pick(_CODAS) for _ in range(count)
        )

    def _letters(self) -> str:
        """Letters without any order: the pieces that real words rarely have must be copied too."""
        return "".join(self.pick("abcdefghijklmnopqrstuvwxyz") for _ in range(self.number(3, 7)))

    def word(self) -> str:
        """A made-up word in small letters."""
        while True:
            word = self._letters() if self.chance(0.2) else self._syllables()
            if 3 <= len(word) <= 11 and word_is_held_out(word) == self.held_out:
                return word

    def name(self) -> str:
        if self.chance(0.5):
            return self.word().capitalize()
        return self.pick(TEST_NAMES if self.held_out else NAMES)

    def city(self) -> str:
        if self.chance(0.5):
            return self.word().capitalize()
        return self.pick(TEST_CITIES if self.held_out else CITIES)
