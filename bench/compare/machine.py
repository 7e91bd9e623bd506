"""What the machine is, how busy others keep it, and what a tree of processes took from it."""

import os
import pathlib
import platform
import re
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")
PROC = pathlib.Path("/proc")
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}  # malloc asks for them


def describe() -> dict[str, str]:
    """CPU, its instruction sets that matter here, cores, memory, system."""
    found = {"cpu": platform.processor() or platform.machine(), "cores": str(os.cpu_count()),
             "system": f"{platform.system()} {platform.release()}"}
    if (PROC / "cpuinfo").exists():
        facts = dict(part for line in (PROC / "cpuinfo").read_text().splitlines()
                     if len(part := [side.strip() for side in line.split(":", 1)]) == 2)
        found["cpu"] = facts.get("model name", found["cpu"])
        wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
        found["instructions"] = " ".join(sorted(set(wanted) & set(facts.get("flags", "").split())))
        memory = (PROC / "meminfo").read_text().split(None, 2)[1]
        found["memory"] = f"{int(memory) / 2**20:.0f} GiB"
    return found


def busy_seconds() -> float:
    """CPU time that all processes took since the machine began; 0 where it is not told."""
    if not (PROC / "stat").exists():
        return 0.0
    fields = [int(field) for field in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _wait, interrupt, soft, steal = fields[:8]
    return (user + nice + system + interrupt + soft + steal) / TICK


def children_of(root: int) -> list[int]:
    """The process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    tree, waiting = [], [root]
    while waiting:
        tree.append(waiting.pop())
        waiting += parents.get(tree[-1], [])
    return tree


def thread_seconds(root: int) -> dict[str, float]:
    """CPU time of the tree by `process/thread`: the process's place in it, the thread's name."""
    spent: dict[str, float] = {}
    for place, process in enumerate(children_of(root)):
        for entry in PROC.glob(f"{process}/task/*/stat"):
            try:
                head, tail = entry.read_text().rsplit(")", 1)
            except OSError:
                continue
            name = f"{place}/{head.split('(', 1)[1]}"
            fields = tail.split()
            spent[name] = spent.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICK
    return spent


def resident_mib(root: int) -> float:
    """Memory of the tree; pages shared between its processes count for each."""
    total = 0
    for process in children_of(root):
        try:
            total += int((PROC / str(process) / "statm").read_text().split()[1])
        except OSError:
            continue
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


def others_share(seconds: float) -> float:
    """How much of the machine is taken, 0 to 1, over that time; this program sleeps through it."""
    before, began = busy_seconds(), time.monotonic()
    time.sleep(seconds)
    took = busy_seconds() - before
    return took / (time.monotonic() - began) / (os.cpu_count() or 1)


def wait_for_quiet(limit: float, patience: float, window: float) -> float:
    """Waits until others take less than `limit` for `window` seconds, at most `patience` seconds.

    Returns the share they took last.
    """
    until = time.monotonic() + patience
    share = others_share(window)
    while share > limit and time.monotonic() < until:
        share = others_share(window)
    return share


def version_of(command: list[str]) -> str:
    """The first line with a version that the program prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    found = next((line for line in lines if re.search(r"\d\.\d", line)), "unknown")
    return found.removeprefix("version: ")
