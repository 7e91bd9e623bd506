"""Running `hearth` against the fake Hub."""

import json
import os
import pathlib
import subprocess

import pytest
from fake_hub import FakeHub

PROGRAM = os.environ.get("HEARTH_BIN", "build/release/bin/hearth")
ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "assets/hearth-demo"


def pytest_sessionstart(session) -> None:
    if not pathlib.Path(PROGRAM).exists():
        pytest.exit(f"{PROGRAM} does not exist: ./dev build makes it", returncode=3)


class Home:
    """A user's home with an empty cache, who knows one Hub."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.cache = folder / "hub"

    def environment(self, hub: FakeHub, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("HEARTH_", "HF_")) and not name.lower().endswith("_proxy")}
        return kept | {"HEARTH_HOME": str(self.folder), "HF_HOME": str(self.folder),
                       "HF_HUB_CACHE": str(self.cache), "HF_ENDPOINT": hub.hub.url} | more

    def start(self, hub: FakeHub, *arguments: str, **environment: str) -> subprocess.Popen:
        return subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                env=self.environment(hub, **environment))

    def run(self, hub: FakeHub, *arguments: str, **environment: str):
        process = self.start(hub, *arguments, **environment)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def snapshot(self, hub: FakeHub) -> pathlib.Path:
        folder = self.cache / f"models--{hub.repository.replace('/', '--')}"
        return folder / "snapshots" / (folder / "refs/main").read_text()

    def is_whole(self, hub: FakeHub) -> bool:
        return all(self.is_whole_of(hub, path) for path in hub.files)

    def is_whole_of(self, hub: FakeHub, path: str) -> bool:
        return (self.snapshot(hub) / path).read_bytes() == hub.files[path]

    def partial_files(self) -> list[pathlib.Path]:
        return list(self.cache.glob("models--*/blobs/*.hearth-*"))


def events(output: str) -> list[dict]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="session")
def demo_files() -> dict[str, bytes]:
    """The files of the demo model, by path."""
    assert (DEMO / "config.json").exists(), "assets/hearth-demo holds no model"
    return {str(file.relative_to(DEMO)): file.read_bytes() for file in sorted(DEMO.rglob("*"))
            if file.is_file()}
