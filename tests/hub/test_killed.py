"""`hearth pull`, killed at any moment: the next one goes on, and hardly a byte comes twice."""

import os
import random
import time

from conftest import Home
from fake_hub import FakeHub

KILLS = int(os.environ.get("HEARTH_KILLS", "50"))
CONNECTIONS = 4
BLOCK = 256 * 1024
# Sent, but never seen by the killed client: what lay in the buffers of its sockets.
IN_SOCKETS = 192 * 1024
SIZE = 20_000_003


def test_a_killed_download_goes_on(tmp_path):
    """Rounds of one download each, killed again and again until it is whole."""
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    content = chance.randbytes(SIZE)
    files = {"config.json": b'{"model_type":"llama"}', "model.safetensors": content}
    kills, rounds, extra = 0, 0, 0
    while kills < KILLS:
        home = Home(tmp_path / str(rounds))
        with FakeHub(files, lfs=["model.safetensors"], bytes_per_s=14e6) as hub:
            killed = download(home, hub, chance)
            assert home.is_whole(hub), f"seed {seed}"
            assert home.partial_files() == []
            twice = hub.sent - SIZE
            assert 0 <= twice <= killed * CONNECTIONS * (BLOCK + IN_SOCKETS), f"seed {seed}"
        kills, rounds, extra = kills + killed, rounds + 1, extra + twice
    print(f"{kills} kills in {rounds} downloads of {SIZE} bytes; {extra} bytes came twice, "
          f"{extra / max(kills, 1) / 1024:.0f} KiB for each kill")


def download(home: Home, hub: FakeHub, chance: random.Random) -> int:
    """Pulls until it is whole; how often it was killed on the way."""
    killed = 0
    while True:
        process = home.start(hub, "pull", "org/model", "--connections", str(CONNECTIONS))
        time.sleep(chance.uniform(0.0, 0.5))
        if process.poll() is None:
            process.kill()
            killed += 1
        _, error = process.communicate(timeout=60)
        if process.returncode == 0:
            return killed
        assert process.returncode == -9, error
