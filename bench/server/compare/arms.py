"""The servers that are compared: each run of an arm is a new process on a port of its own."""

import dataclasses
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from typing import Self

READY_SECONDS = 180


@dataclasses.dataclass(frozen=True)
class Capacity:
    """What a group of workloads needs of a server."""

    sequences: int
    context: int  # tokens of each


@dataclasses.dataclass(frozen=True)
class Arm:
    """One server with one set of flags. `rival` is the folder of llama-server, or None."""

    name: str
    program: pathlib.Path
    form: str  # of the weights
    rival: bool = False
    flags: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()  # environment

    def command(self, model: pathlib.Path, port: int, capacity: Capacity) -> list[str]:
        if self.rival:
            return [str(self.program), "-m", str(model), "--host", "127.0.0.1", "--port",
                    str(port), "-np", str(capacity.sequences), "-c",
                    str(capacity.sequences * capacity.context), "-t", str(os.cpu_count()), "-tb",
                    str(os.cpu_count()), "--no-ui", *self.flags]
        return [str(self.program), "serve", "--model", str(model), "--port", str(port),
                "--max-sequences", str(capacity.sequences), "--context-length",
                str(capacity.context), "--log-level", "warn", *self.flags]

    def says(self) -> str:
        """Flags and settings, for the table."""
        words = [*self.flags, *(f"{name}={value}" for name, value in self.settings)]
        return " ".join(words) or "default flags"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A server while it runs. Use as a context manager."""

    def __init__(self, arm: Arm, model: pathlib.Path, capacity: Capacity):
        self.arm, self.model, self.port = arm, model.name, free_port()
        self.home = tempfile.TemporaryDirectory(prefix="hearth-bench-")
        self.log = pathlib.Path(self.home.name) / "log"
        settings = os.environ | {"HEARTH_HOME": self.home.name} | dict(arm.settings)
        began = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(arm.command(model, self.port, capacity), env=settings,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise
        self.ready_s = time.monotonic() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def wait(self) -> None:
        """Until the model is loaded."""
        path = "health" if self.arm.rival else "readyz"
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}") as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.02)
            if self.process.poll() is not None:
                raise SystemExit(f"{self.arm.name} ended while it started:\n{self.last_words()}")
        raise SystemExit(f"{self.arm.name} was not ready in {READY_SECONDS} s:\n"
                         f"{self.last_words()}")

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.home.cleanup()
