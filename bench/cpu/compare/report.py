"""The tables of a run, as Markdown."""

import statistics

import plan
from ratios import OURS, Figure, Table, number, spread, table

GOAL_HEAD = "should be"


def workloads_of(rows: list[dict]) -> list[str]:
    """In the order of the plan's figures."""
    seen = dict.fromkeys(name for row in rows for name, value in row["found"].items()
                         if isinstance(value, dict) and name != "about")
    order = [figure.workload.split()[0] for figure in plan.FIGURES]
    return sorted(seen, key=lambda name: order.index(name.split()[0].rstrip(",")))


def goal_cells(table_of: Table, workload: str, amx: bool) -> list[str]:
    """The goal, and whether every turn reaches it, none does, or some do."""
    wanted = plan.goal(workload, table_of.figure, amx)
    if wanted is None:
        return ["-", "-"]
    ratios = table_of.ratios()
    if not ratios:
        return [f"{wanted:.2f}", "-"]
    if min(ratios) >= wanted:
        return [f"{wanted:.2f}", "yes"]
    return [f"{wanted:.2f}", "**no**" if max(ratios) < wanted else "now and then"]


def line(workload: str, figure: Figure, rows: list[dict], arms: list[str], amx: bool) -> list[str]:
    values = Table(figure, workload, rows)
    return [workload, f"{figure.title}, {figure.unit}",
            *(number(values.median(arm)) for arm in arms), spread(values.ratios()),
            values.verdict(), *goal_cells(values, workload, amx)]


def comparison(rows: list[dict], arms: list[str], amx: bool) -> list[str]:
    head = ["workload", "figure", *arms, "times better than the best rival", "verdict", GOAL_HEAD,
            "is it"]
    return table(head, [line(workload, figure, rows, arms, amx) for workload in workloads_of(rows)
                        for figure in plan.FIGURES
                        if workload.startswith(figure.workload)
                        and Table(figure, workload, rows).values])


def median_of(rows: list[dict], arm: str, workload: str) -> float | None:
    return Table(plan.FIGURES[2], workload, rows).median(arm)


def own_lines(rows: list[dict], about: list[dict]) -> list[str]:
    """What our figures say by themselves: how depth slows us, and how far the memory's limit is."""
    shallow, deep = (median_of(rows, OURS, plan.decode(depth)) for depth in (0, plan.FULL.depth))
    found = []
    if shallow and deep:
        found.append(f"- Our decode at depth {plan.FULL.depth} is {deep / shallow:.2f} of that at "
                     "depth 0 (should be 0.85).")
    reads = [row["found"]["read_gbs"] for row in rows if "read_gbs" in row["found"]]
    weights = next((each["weight_bytes"] for each in about if "weight_bytes" in each), None)
    if shallow and reads and weights and not any(each.get("experts") for each in about):
        taken = shallow * weights / 1e9
        read = statistics.median(reads)
        found.append(f"- One stream reads {taken:.1f} GB/s of weights, {taken / read:.0%} of the "
                     f"{read:.1f} GB/s that this machine reads (measured behind each turn: "
                     f"{min(reads):.1f} to {max(reads):.1f}).")
    return found


def paths(rows: list[dict], arms: list[str]) -> list[str]:
    """Proof of path: which kernels computed each step of ours."""
    lines = []
    for arm in arms:
        for row in rows:
            for step, about in row["found"].get("about", {}).items() if row["arm"] == arm else ():
                kernels = about["kernels"]
                calls = ", ".join(f"{count} {name}"
                                  for name, count in kernels["calls"].items())
                lines.append([arm, step, kernels["path"], f"{kernels['activation_bits']}",
                              f"{kernels['threads']}", f"{about['chunk']}", calls or "none"])
    unique = list(dict.fromkeys(map(tuple, lines)))
    return table(["arm", "step", "kernels", "activation bits", "threads", "tokens of a prompt in "
                  "one step", "operations computed"], [list(each) for each in unique])


def faults(rows: list[dict]) -> list[str]:
    seen = [f"- {row['arm']}, {step}: {fault}" for row in rows
            for step, fault in row["found"].get("faults", {}).items()]
    return ["", "## What failed", "", *dict.fromkeys(seen)] if seen else []


def quietness(rows: list[dict]) -> str:
    worst = max((row["found"].get("others_share", 0) for row in rows), default=0)
    if worst <= 0.05:
        return "The machine was quiet."
    return (f"**The machine was not quiet**: other programs took up to {worst:.0%} of it during a "
            "process. Compare nothing here by less than its scatter.")


def section(about: dict, bits: int, rows: list[dict]) -> list[str]:
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    facts = [step for row in rows if row["arm"] == OURS
             for step in row["found"].get("about", {}).values()] + [about]
    return [f"## Weights of {bits} bits", "", *comparison(rows, arms, about["amx"]), "",
            *own_lines(rows, facts), "", "### What computed it", "",
            *paths(rows, [arm for arm in arms if arm.startswith(OURS)]), *faults(rows), ""]


def markdown(about: dict, rows_by_bits: dict[int, list[dict]]) -> str:
    described = [f"- {name}: {value}" for name, value in about["machine"].items()]
    roofs = about.get("roofs")
    if roofs:
        described.append(f"- measured here, on all cores: reads {roofs['read_gbs']:.1f} GB/s, "
                         f"float32 {roofs['fma_gflops']:.0f} GFLOP/s, 8-bit dots "
                         f"{roofs['dot8_gops']:.0f} GOP/s")
    described += [f"- {arm['name']}: {arm['version']}; weights {arm['weights']}; {arm['flags']}"
                  for arm in about["arms"]]
    every = [row for rows in rows_by_bits.values() for row in rows]
    method = (f"{about['rounds']} round(s) of A B A' B'; every step of every arm is a new process. "
              f"{quietness(every)} Medians; above 1 means that Hearth is better; the best rival of "
              "each turn counts. \"Inconclusive\": our own second run differs from the first by "
              "more than a third of the effect. Memory is what the process held at most while it "
              "read the prompts and decoded at depth 0, seen from outside.")
    return "\n".join([
        f"# Engine benchmark on the CPU, {about['date']}, model shape \"{about['model']}\"", "",
        *([about["note"], ""] if about["note"] else []), *described, "", method, "",
        *(f"{text}\n" for text in about["left_out"]),
        *(text for bits, rows in rows_by_bits.items() for text in section(about, bits, rows))])
