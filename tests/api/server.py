"""The program under test: starts `hearth serve` in a home of its own, and asks it things."""

import os
import pathlib
import re
import signal
import subprocess
import time

import httpx2
import openai

PROGRAM = os.environ.get("HEARTH_BIN", "build/release/bin/hearth")
START_SECONDS = 60  # for a busy machine; a start takes well under one second


def environment(home: pathlib.Path) -> dict[str, str]:
    """The caller's environment without its Hearth and Hugging Face settings."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("HEARTH_", "HF_"))}
    return kept | {"HEARTH_HOME": str(home), "HF_HUB_CACHE": str(home / "hub")}


class Server:
    """A running `hearth serve`. Use as a context manager; `log` holds what it said.

    What the test itself keeps (log and port file) lies in `notes`, by default beside the home.
    """

    def __init__(self, home: pathlib.Path, *arguments: str, wait: bool = True, port: int = 0,
                 notes: pathlib.Path | None = None, settings: dict[str, str] | None = None):
        self.home = home
        notes = notes or home.parent
        self.log_file = notes / f"{home.name}.log"
        self.port_file = notes / f"{home.name}.port"
        self.port_file.unlink(missing_ok=True)
        command = [PROGRAM, "serve", "--port", str(port), "--port-file", str(self.port_file),
                   *arguments]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment(home) | (settings or {}),
                                            stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL)
        if wait:
            self.port = self.wait_for_port()
            self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def wait_for_port(self) -> int:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.port_file.exists() and self.port_file.read_text().endswith("\n"):
                return int(self.port_file.read_text())
            if self.process.poll() is not None:
                status = self.process.returncode
                raise AssertionError(f"the server ended with {status}:\n{self.log}")
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"the server was not ready in {START_SECONDS} s:\n{self.log}")

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def stop(self) -> int:
        """Ends the server as a service manager would; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the server did not end on SIGTERM:\n{self.log}") from None
        return self.process.returncode

    def openai(self, **options) -> openai.OpenAI:
        options = {"max_retries": 0, "timeout": 120} | options
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="unused", **options)

    def http(self, **options) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=120, trust_env=False, **options)

    def get(self, path: str, **options) -> httpx2.Response:
        with self.http() as client:
            return client.get(path, **options)

    def post(self, path: str, body, **options) -> httpx2.Response:
        with self.http() as client:
            return client.post(path, json=body, **options)

    def metric(self, name: str, **labels: str) -> float:
        """The value of one metric whose labels include `labels`; 0 if it is not there yet."""
        for line in self.get("/metrics").text.splitlines():
            found = re.match(rf"{name}(?:\{{(.*)\}})? (\S+)$", line)
            if found and all(f'{key}="{value}"' in (found[1] or "")
                             for key, value in labels.items()):
                return float(found[2])
        return 0.0

    def models(self) -> list[dict]:
        """What /readyz says of the models in memory."""
        return self.get("/readyz").json()["models"]

    def worker(self, model: str) -> int:
        """The process that holds a model."""
        return next(entry["process"] for entry in self.models() if entry["id"] == model)


def eventually(what, seconds: float = 30.0):
    """Waits until `what()` is true, and returns it: for effects that follow an answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := what():
            return value
        time.sleep(0.02)
    return what()


def hearth(*arguments: str, home: pathlib.Path, stdin: str = "") -> subprocess.CompletedProcess:
    """Runs a verb of the command line to its end."""
    return subprocess.run([PROGRAM, *arguments], env=environment(home), input=stdin, text=True,
                          capture_output=True, timeout=120, check=False)
