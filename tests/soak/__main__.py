"""Hours of mixed work in minutes: `./dev soak --help` says what must hold."""

import argparse
import collections
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "api"))

import secret_words
from server import Server, eventually
from talk import MODELS, Talker
from watch import Watch

GROWTH = 1.15  # of memory, against what was held after the first phase
SLACK_MIB = 48
OWN_WORDS_SHARE = 0.8  # the leak check is worth something only if the model repeats its words


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev soak")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--conversations", type=int, default=64, help="of the leak check")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Soak:
    def __init__(self, server: Server, chosen: argparse.Namespace):
        self.server, self.chosen = server, chosen
        self.watch = Watch(server.url, server.process.pid)
        self.seen: collections.Counter[str] = collections.Counter()
        self.faults: list[str] = []
        self.kills = 0

    def say(self, text: str) -> None:
        print(f"  {text}", flush=True)

    def phase(self, title: str, seconds: float, kill_every: float = 0) -> None:
        """Clients work side by side; now and then a worker is killed under them."""
        until = time.monotonic() + seconds
        talkers = [Talker(self.server.url, self.chosen.seed * 1000 + self.kills * 100 + i,
                          kill_every > 0) for i in range(self.chosen.clients)]
        threads = [threading.Thread(target=self.work, args=(talker, until)) for talker in talkers]
        for thread in threads:
            thread.start()
        while kill_every and time.monotonic() + kill_every < until:
            time.sleep(kill_every)
            self.kill(MODELS[self.kills % len(MODELS)])
        for thread in threads:
            thread.join()
        for talker in talkers:
            talker.client.close()
            self.seen += talker.seen
            self.faults += talker.faults
        if not self.watch.wait_until_idle():
            self.faults.append(f"{title}: requests still run or wait a minute after the clients "
                               f"left: {self.watch.engines()}")
        seen = self.watch.look()
        memory = ", ".join(f"{name} {value:.0f}" for name, value in seen.items()
                           if name.endswith(("_mib", "_resident")))
        self.say(f"{title}: {sum(self.seen.values())} requests so far, "
                 f"{len(self.faults)} faults; {memory}")

    @staticmethod
    def work(talker: Talker, until: float) -> None:
        while time.monotonic() < until:
            talker.once()

    def kill(self, model: str) -> None:
        process = self.watch.worker(model)
        if not process:
            return
        os.kill(process, signal.SIGKILL)
        self.kills += 1
        if not eventually(lambda: self.watch.worker(model) not in (None, process), 60):
            self.faults.append(f"a minute after its worker was killed {model} was not back")

    def leak_check(self, seed: int) -> None:
        share, faults = secret_words.check(self.server.url, MODELS, self.chosen.conversations,
                                           seed)
        self.faults += faults
        self.seen["conversations"] += self.chosen.conversations
        self.say(f"secret words: {share:.0%} of {self.chosen.conversations} conversations got "
                 f"their own back, {len(faults)} got another's")
        if share < OWN_WORDS_SHARE:
            self.faults.append(f"only {share:.0%} of the conversations repeated their own words")

    def load_both(self) -> None:
        for model in MODELS:
            answer = self.server.post("/v1/completions", {"model": model, "prompt": "a",
                                                          "max_tokens": 1})
            assert answer.status_code == 200, answer.text

    def compare(self, before: dict, after: dict) -> None:
        """What must be back where it was."""
        for name, value in after.items():
            first = before.get(name, 0)
            self.say(f"{name:22} {first:10.1f} -> {value:10.1f}")
            if name.endswith(("_resident", "_pages_kept")):
                wrong = False  # bounded by the plan for the KV cache, and shown
            elif name.endswith("_mib"):
                wrong = value > first * GROWTH + SLACK_MIB
            elif name.endswith("_threads"):
                wrong = value > first + 2
            elif name.endswith(("_pages_used", "_pages_lost")) or name in ("zombies", "children"):
                wrong = value > first
            else:
                wrong = value > first + 4  # sockets: a connection of ours may not be closed yet
            if wrong:
                self.faults.append(f"{name} grew from {first:.1f} to {value:.1f}")

    def run(self) -> None:
        seconds = self.chosen.minutes * 60
        self.load_both()
        self.leak_check(self.chosen.seed)
        self.phase("warm up", seconds * 0.25)
        before = self.watch.look()
        self.phase("workers die", seconds * 0.3, kill_every=max(8, seconds * 0.05))
        self.load_both()
        self.leak_check(self.chosen.seed + 1)
        self.phase("no more deaths", seconds * 0.45)
        self.leak_check(self.chosen.seed + 2)
        self.watch.wait_until_idle()
        time.sleep(2)  # closed connections are noticed
        self.compare(before, self.watch.look())


def check_end(server: Server, home: pathlib.Path, workers: list[int]) -> list[str]:
    """What must be gone once the server has ended."""
    faults = []
    status = server.stop()
    if status != 0:
        faults.append(f"the server ended with {status}")
    if not eventually(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in workers)):
        faults.append(f"workers outlive the server: {workers}")
    left = [str(path) for path in home.rglob("*") if path.is_socket()]
    if left:
        faults.append(f"sockets are left: {left}")
    return faults


def make_home(folder: pathlib.Path) -> pathlib.Path:
    home = folder / "home"
    (home / "models").mkdir(parents=True)
    for model in MODELS:
        (home / "models" / model).symlink_to(ROOT / "assets" / "hearth-demo")
    return home


def main() -> None:
    chosen = read_arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hearth-soak-") as folder:
        home = make_home(pathlib.Path(folder))
        with Server(home, "--model", MODELS[0], MODELS[1], "--max-loaded", "2", "--log-level",
                    "warn") as server:
            soak = Soak(server, chosen)
            soak.run()
            workers = [engine["process"] for engine in soak.watch.engines().values()]
            faults = soak.faults + check_end(server, home, workers)
            log = server.log
    print(json.dumps({"minutes": round((time.monotonic() - began) / 60, 1), "kills": soak.kills,
                      "requests": sum(soak.seen.values()) - soak.seen["lost"],
                      "kinds": dict(soak.seen), "faults": len(faults)}, indent=1))
    for fault in faults[:20]:
        print(f"FAULT: {fault}")
    if faults:
        print("\n".join(log.splitlines()[-20:]))
        sys.exit(f"soak: {len(faults)} faults")
    print("soak: nothing was lost, nothing grew, nothing leaked")


if __name__ == "__main__":
    main()
