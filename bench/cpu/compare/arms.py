"""What is compared: our engine and the rival's, each with a form of the weights and settings."""

import dataclasses
import os
import pathlib
import subprocess
import sys

import machine
import ours
import plan
import process
import rival
import weights
from ratios import OURS

FORMS = {4: "affine4", 8: "affine8"}
RIVAL_FORMS = {4: ("Q4_0", "Q4_K_M"), 8: ("Q8_0",)}
LIMIT_S = 1500


@dataclasses.dataclass(frozen=True)
class Arm:
    """Of ours it has the program, of the rival's its programs."""

    name: str
    form: str  # of the weights
    program: pathlib.Path | None = None
    programs: rival.Programs | None = None
    flags: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()  # environment

    def says(self) -> str:
        words = [*self.flags, *(f"{name}={value}" for name, value in self.settings)]
        return " ".join(words) or "default flags"

    def version(self) -> str:
        return machine.version_of(self.programs.version_command() if self.programs
                                  else [str(self.program), "--version"])

    def has(self, step: str) -> bool:
        return not self.programs or step != "together" or self.programs.has(rival.BATCHED)


def threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def our_arms(program: pathlib.Path, bits: int, settings: list[str], also: list[str]) -> list[Arm]:
    pairs = tuple(tuple(word.split("=", 1)) for word in settings)
    found = [Arm(OURS, FORMS[bits], program, settings=pairs)]
    for word in also:
        found.append(Arm(f"{OURS}, {word}", FORMS[bits], program,
                         settings=(*pairs, tuple(word.split("=", 1)))))
    return found


def rival_arms(folder: pathlib.Path, bits: int, quick: bool) -> list[Arm]:
    """Its best first: huge pages, attention fused and not; then as it comes, and Q4_K_M."""
    programs = rival.Programs(folder)
    if not programs.has(rival.BENCH):
        sys.exit(f"bench: there is no {rival.BENCH} in {folder}: --rival takes the folder that "
                 "holds it, or a Python environment that has llama-cpp-python")
    pages = tuple(machine.HUGE_PAGES.items())
    usual, *others = RIVAL_FORMS[bits]
    states = ("on",) if quick else ("on", "off")
    found = [Arm(f"llama.cpp {usual}, huge pages, fa {state}", usual, programs=programs,
                 flags=("-fa", state), settings=pages) for state in states]
    found.append(Arm(f"llama.cpp {usual}, default", usual, programs=programs))
    if programs.has(rival.QUANTISE) and not quick:
        found += [Arm(f"llama.cpp {form}, huge pages", form, programs=programs, settings=pages)
                  for form in others]
    return found


def model_of(arm: Arm, shape: str, home: pathlib.Path) -> pathlib.Path:
    """Its weights, made at the first call."""
    if arm.form != "Q4_K_M":
        return weights.cached(home, shape, arm.form)
    target = home / f"{shape}-{arm.form}"
    if not target.exists():
        source, half = weights.cached(home, shape, "F16"), home / f"{target.name}.half"
        print(f"making the weights {target.name}", flush=True)
        done = subprocess.run([*arm.programs.command(rival.QUANTISE), str(source), str(half),
                               arm.form], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {rival.QUANTISE} failed:\n{done.stderr[-2000:]}")
        half.rename(target)
    return target


def command_of(arm: Arm, model: pathlib.Path, step: str, size: plan.Size) -> list[str]:
    if not arm.programs:
        return [*ours.command(arm.program, model, step, size), *arm.flags]
    if step == "together":
        command = rival.batched_command(arm.programs, model, size, threads())
    else:
        command = rival.bench_command(arm.programs, model, step, size, threads())
    return [*command, *arm.flags]


def read(arm: Arm, step: str, size: plan.Size, output: str) -> dict[str, dict]:
    if not arm.programs:
        return ours.read(output, step)
    if step == "together":
        return rival.read_batched(output, size.streams)
    return rival.read_bench(output, step, threads())


def measure(arm: Arm, model: pathlib.Path, step: str, size: plan.Size) -> dict:
    """One process: figures by workload, `error` where it failed, and about our own which kernels
    ran."""
    command = command_of(arm, model, step, size)
    if step == "busy":
        with process.one_core_busy():
            done = process.run(command, dict(arm.settings), LIMIT_S)
    else:
        done = process.run(command, dict(arm.settings), LIMIT_S)
    if done.fault:
        return {"error": done.fault}
    try:
        found = {} if step == "start" else read(arm, step, size, done.output)
    except (ValueError, KeyError) as fault:
        return {"error": f"its answer cannot be read: {fault}"}
    if step == "start":
        found["ready"] = {"s": done.seconds}
    if step == "single":
        found["memory"] = done.memory
    if not arm.programs:
        found["about"] = ours.facts(done.output)
    return found | {"others_share": 0.0 if step == "busy" else done.others_share}
