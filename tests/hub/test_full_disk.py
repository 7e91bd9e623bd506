"""`hearth pull` where the disk fills up. The small disk is mounted; who may not mount skips this file."""

import os
import random
import subprocess
import time

import pytest
from conftest import Home
from fake_hub import COMMIT, FakeHub
from test_library import FILES

if os.geteuid() != 0:
    pytest.skip("only root mounts a small disk", allow_module_level=True)


def test_a_disk_that_fills_up_on_the_way(tmp_path):
    """The room is gone after the download has begun; with new room it goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "hearth-test", str(disk)], check=True)
    try:
        home = Home(disk)
        size = 9_000_000
        files = FILES | {"model.safetensors": random.Random(6).randbytes(size)}
        with FakeHub(files, lfs=["model.safetensors"], bytes_per_s=5e6) as hub:
            process = home.start(hub, "pull", "org/model")
            until = time.monotonic() + 30
            while hub.sent < size / 4 and time.monotonic() < until:
                time.sleep(0.01)
            filler = disk / "filler"
            filler.write_bytes(b"x" * 9_500_000)
            _, error = process.communicate(timeout=60)
            assert process.returncode == 1
            assert "is full: make room" in error
            assert hub.sent < size * 1.2, "a full disk is not tried again and again"
            sent = hub.sent
            filler.unlink()
            again = home.run(hub, "pull", "org/model")
            assert again.returncode == 0, again.stderr
            assert home.is_whole(hub) and COMMIT in again.stdout
            assert hub.sent - sent < size, "what was here was kept"
    finally:
        subprocess.run(["umount", str(disk)], check=False)
