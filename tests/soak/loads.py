"""Loads and unloads a model again and again: `./dev soak loads`. Nothing may be left behind."""

import argparse
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "api"), str(ROOT / "tests" / "soak")]

from server import Server, eventually
from watch import children, descriptors, resident_mib, sockets, threads

MODEL = "hearth-demo"
QUESTION = {"model": MODEL, "prompt": "Hello", "max_tokens": 2}
WARM_UP = 5  # cycles after which everything that is made once has been made
GROWTH_MIB = 8  # of the server, whatever the number of cycles


def look(server: Server) -> dict[str, float]:
    """What must stay as it is."""
    process = server.process.pid
    return {"server_mib": resident_mib(process), "threads": threads(process),
            "sockets": sockets(process), "descriptors": len(descriptors(process)),
            "children": len(children(process))}


def unload(server: Server) -> None:
    outcome = server.post(f"/admin/api/models/{MODEL}/unload", {}).json()["outcome"]
    assert outcome in ("unloaded", "after_use"), outcome
    assert eventually(lambda: not children(server.process.pid)), "its worker is still there"


def cycle(server: Server, number: int) -> None:
    """Every second time the model is loaded by an order, else by the request itself."""
    if number % 2 == 0:
        loaded = server.post(f"/admin/api/models/{MODEL}/load", {})
        assert loaded.status_code == 200 and loaded.json()["state"] == "loaded", loaded.text
    answer = server.post("/v1/completions", QUESTION)
    assert answer.status_code == 200, answer.text
    unload(server)


def settled(server: Server, before: dict[str, float]) -> dict[str, float]:
    """The state once closed connections have been noticed."""
    eventually(lambda: look(server)["sockets"] <= before["sockets"], 10)
    return look(server)


def run(server: Server, cycles: int, say=lambda text: None) -> list[str]:
    """The faults after so many cycles on a server that serves the demo model."""
    unload(server)
    for number in range(WARM_UP):
        cycle(server, number)
    before = settled(server, {"sockets": 0})
    began = time.monotonic()
    for number in range(cycles):
        cycle(server, number)
        if number % 20 == 19:
            say(f"{number + 1} cycles: {resident_mib(server.process.pid):.1f} MiB")
    after = settled(server, before)
    say(f"{(time.monotonic() - began) / cycles * 1000:.0f} ms for each")
    faults = []
    for name, first in before.items():
        say(f"{name:12} {first:8.1f} -> {after[name]:8.1f}")
        most = first + (GROWTH_MIB if name == "server_mib" else 0)
        if after[name] > most:
            faults.append(f"{name} grew from {first:.1f} to {after[name]:.1f}")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev soak loads")
    parser.add_argument("--cycles", type=int, default=200)
    cycles = parser.parse_args().cycles
    with tempfile.TemporaryDirectory(prefix="hearth-loads-") as folder:
        home = pathlib.Path(folder) / "home"
        home.mkdir()
        with Server(home, "--log-level", "warn") as server:
            faults = run(server, cycles, lambda text: print(f"  {text}", flush=True))
            status = server.stop()
            left = [str(path) for path in home.rglob("*") if path.is_socket()]
    if status != 0:
        faults.append(f"the server ended with {status}")
    if left:
        faults.append(f"sockets are left: {left}")
    for fault in faults:
        print(f"FAULT: {fault}")
    if faults:
        sys.exit(f"soak loads: {len(faults)} faults")
    print(f"soak loads: {cycles} loads and unloads left nothing behind")


if __name__ == "__main__":
    main()
