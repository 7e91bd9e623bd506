"""Compares our engine with llama.cpp's bench programs: `./dev bench cpu -- --help` says how."""

import argparse
import datetime
import json
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bench" / "compare"))

import arms
import machine
import plan
import report
import results
import rival
from ratios import OURS
from shapes import SHAPES

QUIET_SHARE = 0.05
HOME = ROOT / "build" / "bench-weights"


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench cpu", description="""
        Runs the same generated model in our engine and in llama.cpp's bench programs, one process
        after another, and prints the ratios. Without --rival only our own figures.""")
    parser.add_argument("--quick", action="store_true",
                        help="4 bit, one round, fewer tokens: some minutes")
    parser.add_argument("--rival", type=pathlib.Path, metavar="DIR", help="folder that holds "
                        "llama-bench and, for more lines, llama-batched-bench and llama-quantize; "
                        "or a Python environment that has llama-cpp-python")
    parser.add_argument("--model", choices=list(SHAPES), default="llama-3.2-1b",
                        help="shape of the generated model (default: llama-3.2-1b)")
    parser.add_argument("--bits", help="of the weights (default: 4,8, with --quick 4)")
    parser.add_argument("--rounds", type=int, help="default: 5, with --quick 1")
    parser.add_argument("--steps", default=",".join(plan.STEPS), help="which of these")
    parser.add_argument("--hearth", type=pathlib.Path, metavar="PROGRAM",
                        default=ROOT / "build" / "release" / "bin" / "hearth-engine-bench",
                        help="another build of ours")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE",
                        help="environment of our arm")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=VALUE",
                        help="one more arm of ours with this in its environment")
    parser.add_argument("--patience", type=float,
                        help="seconds to wait for a quiet machine before each process; 0: do not "
                             "look (default: 60, with --quick 5)")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench" / "results")
    parser.add_argument("--note", default="", help="a sentence for the report")
    return parser.parse_args()


def complete(chosen: argparse.Namespace) -> None:
    """What depends on --quick, and faults in what was asked for."""
    chosen.rounds = chosen.rounds or (1 if chosen.quick else 5)
    chosen.bits = [int(bits) for bits in (chosen.bits or ("4" if chosen.quick else "4,8"))
                   .split(",")]
    chosen.steps = chosen.steps.split(",")
    if chosen.patience is None:
        chosen.patience = 5 if chosen.quick else 60
    unknown = [*(step for step in chosen.steps if step not in plan.STEPS),
               *(str(bits) for bits in chosen.bits if bits not in arms.FORMS)]
    unknown += [word for word in chosen.setting + chosen.also if "=" not in word]
    if unknown:
        sys.exit(f"bench: \"{unknown[0]}\" is no step ({', '.join(plan.STEPS)}), number of bits "
                 "(4, 8) or NAME=VALUE")


def arms_of(chosen: argparse.Namespace, bits: int) -> list[arms.Arm]:
    found = arms.our_arms(chosen.hearth.resolve(), bits, chosen.setting, chosen.also)
    if chosen.rival:
        found += arms.rival_arms(chosen.rival.resolve(), bits, chosen.quick)
    return found


def run_step(arm: arms.Arm, step: str, chosen: argparse.Namespace) -> dict:
    if chosen.patience > 0:
        machine.wait_for_quiet(QUIET_SHARE, chosen.patience, 1 if chosen.quick else 5)
    size = plan.QUICK if chosen.quick else plan.FULL
    found = arms.measure(arm, arms.model_of(arm, chosen.model, HOME), step, size)
    said = found.get("error") or ", ".join(
        f"{name} {value['rate']:.1f}/s" for name, value in found.items()
        if isinstance(value, dict) and "rate" in value) or f"{found['ready']['s']:.2f} s"
    print(f"  {arm.name}, {step}: {said}", flush=True)
    return found


def add(row: dict, step: str, found: dict) -> None:
    """Puts one step's figures into the row of its arm and turn."""
    total = row["found"]
    total["others_share"] = max(total.get("others_share", 0), found.pop("others_share", 0))
    if "error" in found:
        total.setdefault("faults", {})[step] = found["error"]
        return
    if "about" in found:
        total.setdefault("about", {})[step] = found.pop("about")
    total |= found


def run_bits(bits: int, chosen: argparse.Namespace, rows: list[dict]) -> None:
    """Rounds of A B .. A' B' .., step by step, so that what is compared lies close in time."""
    every = arms_of(chosen, bits)
    for arm in every:
        arms.model_of(arm, chosen.model, HOME)
    for turn in range(chosen.rounds * 2):
        print(f"{bits} bit, round {turn // 2 + 1}{chr(39) * (turn % 2)}", flush=True)
        found = {arm.name: {"arm": arm.name, "turn": turn, "found": {}} for arm in every}
        rows += found.values()
        for step in chosen.steps:
            for arm in every:
                if chosen.quick and turn > 0 and arm.programs and not arm.flags:
                    continue  # seen once: a quick run's second turn is for the scatter
                if arm.has(step):
                    add(found[arm.name], step, run_step(arm, step, chosen))
            if step == "single":
                # A machine that is shared reads now at one speed, now at another.
                found[OURS]["found"]["read_gbs"] = roofs_of(chosen.hearth)["read_gbs"]


def left_out(chosen: argparse.Namespace) -> list[str]:
    """What this run does not compare, and why."""
    if not chosen.rival:
        return ["Without --rival nothing is compared."]
    found, programs = [], rival.Programs(chosen.rival)
    if not programs.has(rival.BATCHED):
        found.append(f"There is no {rival.BATCHED} in the rival's folder: several streams have no "
                     "rival here.")
    if not programs.has(rival.QUANTISE):
        found.append(f"There is no {rival.QUANTISE} in the rival's folder: no Q4_K_M.")
    elif chosen.quick:
        found.append("A quick run leaves out Q4_K_M.")
    return found


def roofs_of(program: pathlib.Path) -> dict:
    """What the machine can do, measured by our program with a small model."""
    model = arms.weights.cached(HOME, "toy", "affine4")
    done = subprocess.run([str(program), "speed", str(model), "--roofs"], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {done.stderr.strip()}")
    return json.loads(done.stdout)["roofs"]


def describe(chosen: argparse.Namespace) -> dict:
    facts = machine.describe()
    return {"date": datetime.date.today().isoformat(), "machine": facts, "quick": chosen.quick,
            "rounds": chosen.rounds, "model": chosen.model, "note": chosen.note,
            "experts": SHAPES[chosen.model].experts is not None,
            "amx": "amx_int8" in facts.get("instructions", ""), "left_out": left_out(chosen),
            "roofs": roofs_of(chosen.hearth),
            "arms": [{"name": arm.name, "weights": arm.form, "flags": arm.says(),
                      "version": arm.version()}
                     for bits in chosen.bits for arm in arms_of(chosen, bits)]}


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was measured is still told
    chosen = read_arguments()
    complete(chosen)
    about = describe(chosen)
    rows: dict[int, list[dict]] = {bits: [] for bits in chosen.bits}
    try:
        for bits in chosen.bits:
            run_bits(bits, chosen, rows[bits])
    except KeyboardInterrupt:
        about["note"] = f"{about['note']} Interrupted: what had been measured by then.".strip()
    text = report.markdown(about, {bits: found for bits, found in rows.items() if found})
    kind = "-quick" if chosen.quick else ""
    stem = chosen.out / f"{about['date']}-cpu-{chosen.model}{kind}"
    results.keep(stem, text, about, rows)


if __name__ == "__main__":
    main()
