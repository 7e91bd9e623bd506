"""Ratios, their null arm and their verdicts, by hand."""

import pytest
import ratios
from ratios import Figure, Table

FASTER = Figure("tokens", "decode", ("rate",), "/s", True)
SHORTER = Figure("time", "decode", ("rate",), "ms")


def rows(**arms: list[float | None]) -> list[dict]:
    """Values by turn."""
    return [{"arm": arm.replace("_", " "), "turn": turn, "found": {"decode": {"rate": value}}}
            for arm, values in arms.items() for turn, value in enumerate(values)
            if value is not None]


def test_the_best_rival_of_each_turn_counts():
    table = Table(FASTER, "decode", rows(hearth=[20, 20], a=[10, 4], b=[5, 8]))
    assert table.ratios() == [2.0, 2.5]


def test_less_is_better_for_times():
    assert Table(SHORTER, "decode", rows(hearth=[20], a=[10], b=[40])).ratios() == [0.5]


def test_other_arms_of_ours_are_no_rivals():
    found = rows(hearth=[20], hearth_8=[90], a=[10])
    assert [row["arm"] for row in found] == ["hearth", "hearth 8", "a"]
    assert Table(FASTER, "decode", found).ratios() == [2.0]


@pytest.mark.parametrize(("ours", "theirs", "verdict"), [
    ([20, 22], [10, 10], "better"),
    ([10, 11], [20, 20], "worse"),
    ([10, 14], [11, 11], "inconclusive (null arm 40%)"),
    ([20, None], [10, 10], "inconclusive (no null arm)"),
])
def test_verdicts(ours, theirs, verdict):
    assert Table(FASTER, "decode", rows(hearth=ours, a=theirs)).verdict() == verdict


def test_without_a_rival_there_is_no_verdict():
    assert Table(FASTER, "decode", rows(hearth=[1, 2])).verdict() == "no rival"


def test_failed_workloads_have_no_value():
    assert ratios.value_of({"decode": {"error": "late", "rate": 3}}, "decode", ("rate",)) is None
    assert ratios.value_of({}, "decode", ("rate",)) is None


def test_numbers_and_spreads():
    assert [ratios.number(value) for value in (None, 0.1234, 99.96, 1234.5)] == [
        "-", "0.123", "100", "1234"]
    assert ratios.spread([1.0, 3.0, 2.0]) == "2.00 (1.00 .. 3.00)"
    assert ratios.spread([]) == "-"
