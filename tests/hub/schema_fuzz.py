"""Asks a server what its own description allows and forbids, and holds the answers against it.

    python tests/hub/schema_fuzz.py [--examples N] [--seconds N] [--seed N]
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

from fake_hub import FakeHub

FILES = {"config.json": b'{"model_type":"llama","max_position_embeddings":512}',
         "model.safetensors": b"x" * 1000, "README.md": b"# A model\n"}
# These never end: they are streams of what happens.
STREAMS = r"/events$"
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,"
          "response_schema_conformance")


def fuzz(url: str, folder: pathlib.Path, *, examples: int, seconds: int,
         seed: int, phases: str = "coverage,fuzzing") -> subprocess.CompletedProcess:
    """Runs schemathesis against a server; its exit status is 0 where nothing was found."""
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    return subprocess.run(
        [str(program), "run", f"{url}/openapi.json", "--exclude-path-regex", STREAMS,
         "--checks", CHECKS, "--phases", phases, "--continue-on-failure",
         "--max-examples", str(examples), "--max-time", str(seconds), "--seed", str(seed),
         "--request-timeout", "30", "--workers", "2", "--generation-database", "none",
         "--suppress-health-check", "all", "--no-color"],
        cwd=folder, text=True, capture_output=True, check=False)


def server(home, hub: FakeHub):
    """A server of short answers: a body may ask for as many tokens as there are."""
    from test_downloads import Server
    return Server(home, hub, HEARTH_CONTEXT_LENGTH="64")


def main() -> int:
    from conftest import Home
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, FakeHub(FILES) as hub:
        folder = pathlib.Path(name)
        with server(Home(folder), hub) as running:
            done = fuzz(running.url, folder, examples=asked.examples, seconds=asked.seconds,
                        seed=asked.seed)
    print(done.stdout + done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
