"""Compares this server with a rival's: `./dev bench server -- --help` says how."""

import argparse
import datetime
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bench" / "compare"))

import machine
import measure
import plan
import report
import results
import weights
from arms import Arm, Running
from machine import HUGE_PAGES
from shapes import SHAPES

QUIET_SHARE = 0.05
DEFAULT_RIVAL = "llama-server, default"
QUICK_SECONDS, LONG_SECONDS = 60, 600  # a workload that takes longer is given up


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench server", description="""
        Puts the same workloads on this server and on a rival's, one after another, and prints the
        ratios. Without --rival only our own figures and their scatter.""")
    parser.add_argument("--quick", action="store_true", help="one round, short runs: minutes")
    parser.add_argument("--hearth", type=pathlib.Path, metavar="PROGRAM",
                        default=ROOT / "build" / "release" / "bin" / "hearth",
                        help="another build of ours")
    parser.add_argument("--rival", type=pathlib.Path, metavar="DIR",
                        help="folder that holds llama-server (and llama-bench, if it is there)")
    parser.add_argument("--model", choices=[name for name in SHAPES if name != "toy"],
                        default="small", help="shape of the generated model (default: small)")
    parser.add_argument("--weights", choices=["affine4", "bf16"], default="affine4",
                        help="how our arm holds the weights (default: affine4)")
    parser.add_argument("--rival-weights", choices=["Q4_0", "Q8_0", "F16"], default="Q4_0")
    parser.add_argument("--rival-flags", default="-fa off", help="the rival's best-known flags")
    parser.add_argument("--rounds", type=int, help="default: 5, with --quick 1")
    parser.add_argument("--groups", default="cost,chat,open,deep", help="which of these")
    parser.add_argument("--patience", type=float,
                        help="seconds to wait for a quiet machine before each server starts; 0: "
                             "do not look (default: 60, with --quick 5)")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench" / "results")
    parser.add_argument("--note", default="", help="a sentence for the report")
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or (1 if chosen.quick else 5)
    if chosen.patience is None:
        chosen.patience = 5 if chosen.quick else 60
    return chosen


def find_arms(chosen: argparse.Namespace) -> list[Arm]:
    ours = Arm("hearth", chosen.hearth.resolve(), chosen.weights)
    if not chosen.rival:
        return [ours]
    program = (chosen.rival / "llama-server").resolve()
    if not program.exists():
        sys.exit(f"bench: there is no llama-server in {chosen.rival}: --rival takes the folder "
                 "that holds it")
    best = Arm("llama-server, best", program, chosen.rival_weights, True,
               tuple(chosen.rival_flags.split()), tuple(HUGE_PAGES.items()))
    default = Arm(DEFAULT_RIVAL, program, chosen.rival_weights, True)
    return [ours, best, default]


def weights_of(shape: str, arm: Arm) -> pathlib.Path:
    return weights.cached(ROOT / "build" / "bench-weights", shape, arm.form)


def version_of(arm: Arm) -> str:
    return machine.version_of([str(arm.program), "--version" if arm.rival else "version"])


def run_group(group: plan.Group, arm: Arm, turn: str, chosen: argparse.Namespace) -> dict:
    """One start of one arm through one group."""
    quiet = None
    if chosen.patience > 0:
        window = 1 if chosen.quick else 5
        quiet = machine.wait_for_quiet(QUIET_SHARE, chosen.patience, window)
    client = ROOT / "build" / "release" / "bin" / "hearth-load"
    found = {}
    with Running(arm, weights_of(group.shape, arm), group.capacity) as server:
        for number, workload in enumerate(group.workloads):
            found[workload.name] = measure.run(server, group.shape, workload, client, number + 1,
                                               QUICK_SECONDS if chosen.quick else LONG_SECONDS)
            fault = found[workload.name].get("error") or found[workload.name].get("first_error")
            if fault:
                print(f"  {arm.name}, {workload.name}: {fault}", flush=True)
        add_differences(found)
        found["resident_mib"] = machine.resident_mib(server.process.pid)
        found["ready_s"] = server.ready_s
    print(f"  {turn:8} {arm.name:22} {group.name}: ready in {found['ready_s']:.2f} s", flush=True)
    return found | {"others_before": quiet}


def add_differences(found: dict) -> None:
    """What streaming adds to the same work without it: of that the model is no part."""
    for name, streamed in list(found.items()):
        whole = found.get(name.replace("stream", "whole"), streamed)
        if whole is streamed or "us_per_token" not in streamed or "us_per_token" not in whole:
            continue
        streamed["stream_adds_us"] = streamed["us_per_token"] - whole["us_per_token"]
        streamed["stream_adds_cpu_us"] = (streamed["cpu_us_per_token"]
                                          - whole["cpu_us_per_token"])


def run_all(arms: list[Arm], chosen: argparse.Namespace, rows: list[dict]) -> None:
    """Rounds of A B .. A' B' ..; one row for each start."""
    rate = 0.0
    wanted = chosen.groups.split(",")
    for turn in range(chosen.rounds * 2):
        for name in wanted:
            for arm in arms:
                if chosen.quick and turn > 0 and arm.name == DEFAULT_RIVAL:
                    continue  # seen once: a quick run's second turn is for the scatter
                group = make_group(name, chosen, rate)
                found = run_group(group, arm, f"round {turn // 2 + 1}{chr(39) * (turn % 2)}",
                                  chosen)
                rows.append({"arm": arm.name, "turn": turn, "group": group.name, "found": found})
                if name == "chat" and not arm.rival and rate == 0:
                    rate = max(found[load.name].get("request_throughput", 0)
                               for load in group.workloads)


def make_group(name: str, chosen: argparse.Namespace, rate: float) -> plan.Group:
    if name == "cost":
        return plan.cost(chosen.quick)
    if name == "chat":
        return plan.chat(chosen.quick, chosen.model)
    if name == "deep":
        return plan.deep(chosen.quick, chosen.model)
    if name == "open":
        if rate == 0:
            sys.exit("bench: the group open needs chat before it, which measures the capacity")
        return plan.open_loop(chosen.quick, chosen.model, rate)
    sys.exit(f"bench: there is no group \"{name}\" (there are: cost, chat, open, deep)")


def main() -> None:
    chosen = read_arguments()
    arms = find_arms(chosen)
    about = {"date": datetime.date.today().isoformat(), "machine": machine.describe(),
             "quick": chosen.quick, "rounds": chosen.rounds, "model": chosen.model,
             "note": chosen.note,
             "arms": [{"name": arm.name, "weights": arm.form, "flags": arm.says(),
                       "version": version_of(arm)} for arm in arms]}
    rows: list[dict] = []
    try:
        run_all(arms, chosen, rows)
    except KeyboardInterrupt:
        about["note"] = f"{about['note']} Interrupted: what had been measured by then.".strip()
    text = report.markdown(about, rows)
    kind = "quick" if chosen.quick else "full"
    stem = chosen.out / f"{about['date']}-server-{chosen.model}-{kind}"
    results.keep(stem, text, about, rows)


if __name__ == "__main__":
    main()
