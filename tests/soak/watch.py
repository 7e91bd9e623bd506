"""What the server's processes hold: memory, descriptors, sockets, children, pages."""

import pathlib
import time

import httpx2

PROC = pathlib.Path("/proc")


def status(process: int) -> dict[str, str]:
    """The lines of /proc/PID/status; empty for a process that is gone."""
    try:
        lines = (PROC / str(process) / "status").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def resident_mib(process: int) -> float:
    return int(status(process).get("VmRSS", "0 kB").split()[0]) / 1024


def threads(process: int) -> int:
    return int(status(process).get("Threads", "0"))


def descriptors(process: int) -> list[str]:
    """What the open descriptors lead to; sockets read `socket:[..]`."""
    found = []
    for link in (PROC / str(process) / "fd").glob("*"):
        try:
            found.append(str(link.readlink()))
        except OSError:
            continue
    return found


def sockets(process: int) -> int:
    return sum(target.startswith("socket:") for target in descriptors(process))


def children(process: int) -> dict[int, str]:
    """The state letter of every child: Z is a zombie."""
    found = {}
    for entry in PROC.glob("[0-9]*"):
        fields = status(int(entry.name))
        if fields.get("PPid") == str(process):
            found[int(entry.name)] = fields.get("State", "?")[0]
    return found


class Watch:
    """One server, seen from outside."""

    def __init__(self, url: str, process: int):
        self.process = process
        self.client = httpx2.Client(base_url=url, timeout=30, trust_env=False)

    def engines(self) -> dict[str, dict]:
        """What /admin/api/engine says of every model in memory."""
        return {model["id"]: model
                for model in self.client.get("/admin/api/engine").json()["models"]}

    def worker(self, model: str) -> int | None:
        return self.engines().get(model, {}).get("process")

    def idle(self) -> bool:
        """Whether no request runs or waits anywhere."""
        return all(engine["queue"]["running"] == 0 and engine["queue"]["waiting"] == 0
                   for engine in self.engines().values() if "queue" in engine)

    def wait_until_idle(self, seconds: float = 60) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.idle():
                time.sleep(2.5)  # an idle worker gives memory back after a second
                return self.idle()
            time.sleep(0.1)
        return False

    def look(self) -> dict:
        """Everything that must come back to where it began."""
        engines = self.engines()
        seen = {"server_mib": resident_mib(self.process), "server_threads": threads(self.process),
                "server_sockets": sockets(self.process),
                "zombies": sum(state == "Z" for state in children(self.process).values()),
                "children": len(children(self.process))}
        for name, engine in engines.items():
            # What the device holds are weights and KV pages, also those kept for later prompts:
            # that grows up to the plan. What is beside it must not.
            held = engine["memory"]["active_bytes"] / 2**20
            seen[f"{name}_resident"] = resident_mib(engine["process"])
            seen[f"{name}_beside_mib"] = seen[f"{name}_resident"] - held
            seen[f"{name}_threads"] = threads(engine["process"])
            for kind in ("pages", "window_pages"):
                pages = engine[kind]
                seen[f"{name}_{kind}_used"] = pages["used"]
                seen[f"{name}_{kind}_kept"] = pages["cached"]
                seen[f"{name}_{kind}_lost"] = abs(pages["total"] - pages["used"] - pages["cached"]
                                                  - pages["free"])
        return seen
