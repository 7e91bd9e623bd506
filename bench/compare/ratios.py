"""Folds runs into ratios, and says where they prove nothing.

A run is a row {"arm", "turn", "found": {workload: {...}}}; turns 2n and 2n + 1 are a round's first
and second.
"""

import dataclasses
import statistics

OURS = "hearth"  # other arms whose names begin so are ours, too, and no rivals


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of a table: a value of what a workload found."""

    title: str
    workload: str  # its name, or the beginning of it
    path: tuple[str, ...]
    unit: str
    more_is_better: bool = False


def value_of(found: dict, workload: str, path: tuple[str, ...]) -> float | None:
    """A figure, or None where the workload failed or does not have it."""
    value = found.get(workload, {})
    if "error" in value:
        return None
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return float(value) if isinstance(value, (int, float)) else None


class Table:
    """All values of one figure of one workload, by arm and turn."""

    def __init__(self, figure: Figure, workload: str, rows: list[dict]):
        self.figure = figure
        self.values: dict[str, dict[int, float]] = {}
        for row in rows:
            value = value_of(row["found"], workload, figure.path)
            if value is not None:
                self.values.setdefault(row["arm"], {})[row["turn"]] = value

    def better(self, ours: float, theirs: float) -> float | None:
        """How many times better `ours` is."""
        top, bottom = (ours, theirs) if self.figure.more_is_better else (theirs, ours)
        return top / bottom if min(top, bottom) > 0 else None

    def best_rival(self, turn: int) -> float | None:
        found = [turns[turn] for arm, turns in self.values.items()
                 if not arm.startswith(OURS) and turn in turns]
        if not found:
            return None
        return max(found) if self.figure.more_is_better else min(found)

    def ratios(self) -> list[float]:
        """Ours against the best rival of the same turn."""
        found = []
        for turn, ours in self.values.get(OURS, {}).items():
            rival = self.best_rival(turn)
            if rival is not None and (ratio := self.better(ours, rival)) is not None:
                found.append(ratio)
        return found

    def null_effect(self) -> float | None:
        """How far our own second run of a round lies from the first, as |A'/A - 1|, at most; None
        where there is no second run."""
        ours = self.values.get(OURS, {})
        pairs = [(ours[turn], ours[turn + 1]) for turn in ours if turn % 2 == 0
                 and turn + 1 in ours and ours[turn] > 0]
        return max((abs(second / first - 1) for first, second in pairs), default=None)

    def verdict(self) -> str:
        ratios = self.ratios()
        if not ratios:
            return "no rival" if len(self.values) <= 1 else "no figure"
        effect = abs(statistics.median(ratios) - 1)
        null = self.null_effect()
        if null is None:
            return "inconclusive (no null arm)"
        if null > effect / 3:
            return f"inconclusive (null arm {null:.0%})"
        return "better" if statistics.median(ratios) > 1 else "worse"

    def median(self, arm: str) -> float | None:
        values = self.values.get(arm)
        return statistics.median(values.values()) if values else None


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def spread(ratios: list[float]) -> str:
    """Median and range."""
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} .. {max(ratios):.2f})"


def table(head: list[str], lines: list[list[str]]) -> list[str]:
    """A Markdown table."""
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|",
            *("| " + " | ".join(cells) + " |" for cells in lines)]
