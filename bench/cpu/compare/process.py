"""Runs one program to its end and sees what it took: time, memory, and what others took."""

import contextlib
import dataclasses
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import machine

SAMPLE_S = 0.03
MEMORY = {"VmHWM": "peak_mib", "RssAnon": "anonymous_mib", "RssFile": "mapped_mib"}


@dataclasses.dataclass(frozen=True)
class Finished:
    output: str
    fault: str  # what it said on the error stream, where it failed
    seconds: float
    memory: dict[str, float]  # the most of each kind, in MiB
    others_share: float  # of the machine, 0 to 1


def memory_of(process: int) -> dict[str, float]:
    """Empty when the process is over, or where the system does not tell."""
    try:
        lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return {}
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return {name: int(fields[field].split()[0]) / 1024 for field, name in MEMORY.items()
            if field in fields}


def children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command: list[str], settings: dict[str, str], limit_s: float) -> Finished:
    """At most `limit_s` seconds; then it is ended, and that is its fault."""
    most: dict[str, float] = {}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        busy, own, began = machine.busy_seconds(), children_seconds(), time.monotonic()
        process = subprocess.Popen(command, env=os.environ | settings, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=errors)
        late = False
        try:
            while process.poll() is None:
                for name, value in memory_of(process.pid).items():
                    most[name] = max(value, most.get(name, 0))
                late = time.monotonic() - began > limit_s
                if late:
                    break
                time.sleep(SAMPLE_S)
        finally:  # also where somebody interrupts
            process.kill()
            process.wait()
        seconds = time.monotonic() - began
        others = machine.busy_seconds() - busy - (children_seconds() - own)
        output.seek(0)
        errors.seek(0)
        fault = ""
        if late:
            fault = f"took longer than {limit_s} s"
        elif process.returncode != 0:
            fault = "\n".join(errors.read().splitlines()[-5:]) or f"status {process.returncode}"
        return Finished(output.read(), fault, seconds, most,
                        max(0.0, others / seconds / (os.cpu_count() or 1)))


@contextlib.contextmanager
def one_core_busy():
    """A program that computes all the time, wherever the system puts it."""
    burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield burner
    finally:
        burner.kill()
        burner.wait()
