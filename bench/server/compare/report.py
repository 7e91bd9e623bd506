"""The tables of a run, as Markdown."""

import statistics

from plan import FIGURES
from ratios import OURS, Figure, Table, number, spread


def line(workload: str, figure: Figure, rows: list[dict], arms: list[str]) -> str:
    table = Table(figure, workload, rows)
    unit = f", {figure.unit}" if figure.unit else ""
    cells = [workload, figure.title + unit, *(number(table.median(arm)) for arm in arms),
             spread(table.ratios()), table.verdict()]
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
