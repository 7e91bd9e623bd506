"""Fixtures: homes, servers and models. Servers with the same model are shared by a test file."""

import pathlib

import pytest

import checkpoints
from server import PROGRAM, Server

MODEL = "tiny/stories260k"


def pytest_sessionstart(session) -> None:
    if not pathlib.Path(PROGRAM).exists():
        pytest.exit(f"{PROGRAM} does not exist: ./dev build makes it", returncode=3)


@pytest.fixture
def home(tmp_path) -> pathlib.Path:
    """An empty HEARTH_HOME."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def stories_folder() -> pathlib.Path:
    if not checkpoints.STORIES.exists():
        pytest.skip("../shared/data/stories260K is not there: this test needs its real model")
    return checkpoints.STORIES


@pytest.fixture(scope="session")
def stories_home(stories_folder, tmp_path_factory) -> pathlib.Path:
    """A home whose models folder holds tiny/stories260k."""
    folder = tmp_path_factory.mktemp("stories") / "home"
    (folder / "models" / "tiny").mkdir(parents=True)
    (folder / "models" / MODEL).symlink_to(stories_folder.resolve())
    return folder


@pytest.fixture(scope="session")
def stories(stories_home):
    """A server of stories260K, context 512."""
    with Server(stories_home, "--model", MODEL) as server:
        yield server


@pytest.fixture(scope="session")
def slow_home(stories_folder, tmp_path_factory) -> pathlib.Path:
    """A home with `slow`: the same model, some twenty times slower, context 4096."""
    folder = tmp_path_factory.mktemp("slow") / "home"
    checkpoints.slow_stories(folder / "models" / "slow")
    return folder


@pytest.fixture
def slow(slow_home):
    with Server(slow_home, "--model", "slow") as server:
        yield server


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A server with nothing said: it serves the demo model that comes with the program."""
    assert (checkpoints.DEMO / "config.json").exists(), "assets/hearth-demo holds no model"
    folder = tmp_path_factory.mktemp("demo") / "home"
    folder.mkdir()
    with Server(folder) as server:
        yield server
