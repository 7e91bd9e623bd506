"""Folds the runs into tables of ratios, and says where they prove nothing."""

import statistics

from plan import FIGURES, Figure

OURS = "hearth"


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
                 if arm != OURS and turn in turns]
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


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def line(workload: str, figure: Figure, rows: list[dict], arms: list[str]) -> str:
    table = Table(figure, workload, rows)
    medians = [number(statistics.median(table.values[arm].values()) if arm in table.values
                      else None) for arm in arms]
    ratios = table.ratios()
    spread = (f"{statistics.median(ratios):.2f} ({min(ratios):.2f} .. {max(ratios):.2f})"
              if ratios else "-")
    unit = f", {figure.unit}" if figure.unit else ""
    cells = [workload, figure.title + unit, *medians, spread, table.verdict()]
    return "| " + " | ".join(cells) + " |"


def workloads_of(rows: list[dict]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name, value in row["found"].items()
                              if isinstance(value, dict)))


def comparison(rows: list[dict], arms: list[str]) -> list[str]:
    head = ["workload", "figure", *arms, "times better than the best rival", "verdict"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for workload in workloads_of(rows):
        lines += [line(workload, figure, rows, arms) for figure in FIGURES
                  if workload.startswith(figure.workload)]
    return lines


def proof_of_path(rows: list[dict], arms: list[str]) -> list[str]:
    """What each arm did: tokens in and out, how many came from a cache, who else was busy."""
    head = ["arm", "workload", "requests", "failed", "prompt tokens", "of them cached",
            "output tokens", "events", "serving CPU, us/token", "client CPU, us/token", "others"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for arm in arms:
        for workload in workloads_of(rows):
            found = [row["found"][workload] for row in rows
                     if row["arm"] == arm and workload in row["found"]]
            found = [value for value in found if "total_output_tokens" in value]
            if not found:
                continue
            keys = ("completed", "failed", "total_input_tokens", "total_cached_tokens",
                    "total_output_tokens", "total_events", "serving_cpu_us_per_token",
                    "client_cpu_us_per_token")
            cells = [number(statistics.median(value.get(key, 0) for value in found))
                     for key in keys]
            if arm != OURS:
                cells[6] = "-"  # one process computes and serves
            others = statistics.median(value["others_share"] for value in found)
            lines.append(f"| {arm} | {workload} | " + " | ".join(cells) + f" | {others:.0%} |")
    return lines


def footprint(rows: list[dict], arms: list[str]) -> list[str]:
    lines = ["| arm | group | ready, s | memory at the end, MiB | others before, worst |",
             "|---|---|---|---|---|"]
    for arm in arms:
        for group in dict.fromkeys(row["group"] for row in rows):
            found = [row["found"] for row in rows if (row["arm"], row["group"]) == (arm, group)]
            if not found:
                continue
            before = [value["others_before"] for value in found
                      if value["others_before"] is not None]
            lines.append(f"| {arm} | {group} | "
                         f"{statistics.median(v['ready_s'] for v in found):.2f} | "
                         f"{statistics.median(v['resident_mib'] for v in found):.0f} | "
                         f"{f'{max(before):.0%}' if before else 'not asked'} |")
    return lines


def markdown(about: dict, rows: list[dict]) -> str:
    arms = [arm["name"] for arm in about["arms"]]
    described = [f"- {name}: {value}" for name, value in about["machine"].items()]
    described += [f"- {arm['name']}: {arm['version']}; weights {arm['weights']}; {arm['flags']}"
                  for arm in about["arms"]]
    worst = max((value.get("others_share", 0) for row in rows for value in row["found"].values()
                 if isinstance(value, dict)), default=0)
    quiet = ("The machine was quiet." if worst <= 0.05 else
             f"**The machine was not quiet**: other programs took up to {worst:.0%} of it while a "
             "workload ran. Compare nothing here by less than its scatter.")
    method = (f"{about['rounds']} round(s) of A B A' B'; every start is a new process; the client "
              f"shares the cores. {quiet} Above 1 means that Hearth is better; the best rival of "
              "each turn counts. \"Inconclusive\": our own second run differs from the first by "
              "more than a third of the effect.")
    parts = [f"# Server benchmark, {about['date']}, model shape \"{about['model']}\"", "",
             *([about["note"], ""] if about["note"] else []), *described, "",
             method, "", *comparison(rows, arms), "",
             "## What each arm did", "", *proof_of_path(rows, arms), "",
             "## Start and memory", "", *footprint(rows, arms), ""]
    return "\n".join(parts)
