"""`hearth export` and `import`, held against Python's own tar."""

import io
import json
import tarfile

import pytest
from conftest import DEMO, Home
from fake_hub import FakeHub

LIST = "hearth-archive.json"


@pytest.fixture
def hub():
    with FakeHub({"config.json": b"{}"}) as hub:
        yield hub


@pytest.fixture
def archive(home, hub, tmp_path):
    file = tmp_path / "demo.tar"
    told = home.run(hub, "export", "demo", str(file))
    assert told.returncode == 0, told.stderr
    return file


def test_every_tar_reads_what_is_exported(archive, demo_files):
    with tarfile.open(archive) as tar:
        read = {entry.name: tar.extractfile(entry).read() for entry in tar}
    listed = json.loads(read.pop(LIST))
    assert read == demo_files
    assert listed["model"] == "hearth-demo"
    assert {file["path"]: file["bytes"] for file in listed["files"]} == {
        path: len(content) for path, content in demo_files.items()}


def test_an_imported_model_answers(home, hub, archive, tmp_path):
    other = Home(tmp_path / "other")
    other.folder.mkdir()
    told = other.run(hub, "import", str(archive), "--as", "mine/copy")
    assert told.returncode == 0, told.stderr
    assert other.run(hub, "check", "mine/copy").returncode == 0
    said = other.run(hub, "run", "mine/copy", "--temperature", "0", "--max-tokens", "5", "Hello")
    assert said.returncode == 0 and said.stdout.strip()
    assert home.run(hub, "import", str(archive)).returncode == 0, "as it was called"
    again = home.run(hub, "import", str(archive))
    assert again.returncode == 1 and "--force" in again.stderr
    assert home.run(hub, "import", str(archive), "--force").returncode == 0


def repacked(archive, target, form: int, entries=None) -> None:
    """The archive as another program would write it."""
    with tarfile.open(archive) as tar:
        entries = entries or [(entry.name, tar.extractfile(entry).read()) for entry in tar]
    with tarfile.open(target, "w", format=form) as tar:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mtime = 1.5 if form == tarfile.PAX_FORMAT else 1
            tar.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_an_archive_that_another_tar_wrote_anew_is_read(home, hub, archive, tmp_path, form):
    repacked(archive, tmp_path / "again.tar", form)
    told = home.run(hub, "import", str(tmp_path / "again.tar"))
    assert told.returncode == 0, told.stderr
    assert (home.folder / "models/hearth-demo/config.json").read_bytes() == (
        DEMO / "config.json").read_bytes()


def test_what_is_no_such_archive_is_refused_by_name(home, hub, archive, tmp_path):
    foreign = tmp_path / "foreign.tar"
    repacked(archive, foreign, tarfile.PAX_FORMAT, [("config.json", b"{}")])
    text = tmp_path / "text.tar"
    text.write_text("no archive at all" * 100)
    for file, reason in ((foreign, "no Hearth wrote it"), (text, "no whole tar"),
                         (tmp_path / "none.tar", "no file")):
        told = home.run(hub, "import", str(file))
        assert told.returncode == 1 and reason in told.stderr, told.stderr
    assert not list((home.folder / "models").glob("*"))
