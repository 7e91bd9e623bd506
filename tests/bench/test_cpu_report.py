"""The engine benchmark's tables: goals, own lines, faults, the order of the lines."""

import plan
import report


def row(arm: str, turn: int, **found) -> dict:
    return {"arm": arm, "turn": turn, "found": found}


def figures(rate: float, peak: float) -> dict:
    return {plan.decode(0): {"rate": rate}, plan.decode(2048): {"rate": rate * 0.9},
            plan.prefill(512): {"rate": rate * 10, "ms": 5.0}, "memory": {"peak_mib": peak}}


ROWS = [row("hearth", 0, **figures(20, 500)), row("hearth", 1, **figures(20, 500)),
        row("llama.cpp", 0, **figures(10, 1000)), row("llama.cpp", 1, **figures(16, 700))]


def cells(text: str) -> list[str]:
    return [cell.strip() for cell in text.strip("|").split("|")]


def found(workload: str, title: str, amx: bool = False) -> list[str]:
    lines = map(cells, report.comparison(ROWS, ["hearth", "llama.cpp"], amx))
    return next(line for line in lines if line[0] == workload and line[1].startswith(title))


def test_a_line_has_medians_ratio_verdict_and_goal():
    assert found("decode, depth 0", "tokens") == [
        "decode, depth 0", "tokens, /s", "20", "13", "1.62 (1.25 .. 2.00)", "better", "1.00",
        "yes"]


def test_memory_is_better_when_it_is_less():
    assert found("memory", "memory at most")[4:] == ["1.70 (1.40 .. 2.00)", "better", "1.67",
                                                     "now and then"]


def test_goals_depend_on_the_machine():
    assert found("prefill 512", "tokens")[-2:] == ["1.10", "yes"]
    assert found("prefill 512", "tokens", amx=True)[-2:] == ["1.50", "now and then"]


def test_prompts_come_first_and_memory_behind_decoding():
    assert report.workloads_of(ROWS) == ["prefill 512", "decode, depth 0", "decode, depth 2048",
                                         "memory"]


def test_own_lines_say_depth_and_share_of_bandwidth():
    rows = ROWS + [row("hearth", 2, read_gbs=30.0), row("hearth", 3, read_gbs=50.0)]
    lines = report.own_lines(rows, [{"weight_bytes": 1e9}])
    assert "0.90 of that at depth 0" in lines[0]
    assert "20.0 GB/s of weights, 50% of the 40.0 GB/s" in lines[1]
    assert "30.0 to 50.0" in lines[1]


def test_experts_have_no_share_of_bandwidth():
    rows = ROWS + [row("hearth", 2, read_gbs=40.0)]
    assert len(report.own_lines(rows, [{"weight_bytes": 1e9}, {"experts": True}])) == 1


def test_faults_are_said_once():
    failed = [row("llama.cpp", turn, faults={"busy": "no such file"}) for turn in (0, 1)]
    assert report.faults(failed)[-1:] == ["- llama.cpp, busy: no such file"]
    assert len(report.faults(failed)) == 4
    assert report.faults(ROWS) == []
