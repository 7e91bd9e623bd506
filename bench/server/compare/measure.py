"""Runs one workload against one running server: the load client's figures and the CPU's."""

import json
import os
import pathlib
import subprocess
import time

import machine
from arms import Running
from plan import Workload
from shapes import SHAPES

CHARACTERS = 6  # of every generated token's text
FIRST_ID = 257


def run(server: Running, shape: str, workload: Workload, client: pathlib.Path, seed: int,
        limit_s: float) -> dict:
    """The figures, with `error` instead where the client did not end well."""
    command = [str(client), "--port", str(server.port), "--model", server.model,
               "--characters-per-token", str(CHARACTERS), "--seed", str(seed), "--first-id",
               str(FIRST_ID), "--last-id", str(SHAPES[shape].vocabulary), *workload.arguments]
    threads, busy, began = machine.thread_seconds(server.process.pid), machine.busy_seconds(), \
        time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=limit_s)
    except subprocess.TimeoutExpired:
        return {"error": f"took longer than {limit_s} s"}
    if done.returncode != 0:
        return {"error": done.stderr.strip() or f"the client ended with {done.returncode}"}
    took = time.monotonic() - began
    after = machine.thread_seconds(server.process.pid)
    spent = {name: round(value - threads.get(name, 0), 3) for name, value in after.items()
             if value > threads.get(name, 0)}
    out = json.loads(done.stdout)
    others = machine.busy_seconds() - busy - sum(spent.values()) - out["client_cpu_s"]
    return out | per_token(out, spent, server.arm.rival) | {
        "cpu_s": spent, "others_share": max(0.0, others / took / (os.cpu_count() or 1))}


def computes(thread: str) -> bool:
    """Whether a thread of ours computes the model: the worker's engine, and BLAS' nameless ones."""
    place, name = thread.split("/", 1)
    return place != "0" and name in ("engine", "hearth")


def per_token(out: dict, spent: dict[str, float], rival: bool) -> dict[str, float]:
    """What a token cost. `serving`: without the threads that compute the model; a rival's threads
    do both."""
    tokens = out.get("total_output_tokens", 0)
    if not tokens:
        return {}
    serving = sum(value for name, value in spent.items() if not computes(name))
    figures = {"us_per_token": out["duration"] / tokens * 1e6,
               "cpu_us_per_token": sum(spent.values()) / tokens * 1e6,
               "client_cpu_us_per_token": out["client_cpu_s"] / tokens * 1e6}
    if not rival:
        figures["serving_cpu_us_per_token"] = serving / tokens * 1e6
    return figures
