"""`hearth login|logout|whoami` and the same over HTTP: the token goes in and never comes out."""

import json
import subprocess

import pytest
from conftest import PROGRAM, Home
from fake_hub import FakeHub
from test_downloads import Server

FILES = {"config.json": b'{"model_type":"llama"}', "model.safetensors": b"x" * 1000}
TOKEN = "hf_a_very_secret_token"
JANE = {"type": "user", "name": "jane", "fullname": "Jane Doe",
        "orgs": [{"name": "doe-labs"}],
        "auth": {"accessToken": {"displayName": "laptop", "role": "read"}}}


@pytest.fixture
def hub():
    """A gated model that Jane's token may read."""
    with FakeHub(FILES, token=TOKEN) as hub:
        hub.accounts = {TOKEN: JANE, "hf_other": JANE | {"name": "other"}}
        yield hub


def typed(home: Home, hub: FakeHub, text: str, *arguments: str, **environment: str):
    return subprocess.run([PROGRAM, *arguments], input=text, text=True, capture_output=True,
                          env=home.environment(hub, **environment), timeout=60, check=False)


def kept_bytes(home: Home) -> bytes:
    return b"".join(file.read_bytes() for file in home.folder.iterdir() if file.is_file())


def test_a_token_from_standard_input_is_tested_kept_and_used(home, hub):
    refused = home.run(hub, "pull", "org/model")
    assert refused.returncode == 1 and "hearth login" in refused.stderr
    kept = typed(home, hub, TOKEN + "\n", "login")
    assert kept.returncode == 0, kept.stderr
    assert "jane" in kept.stdout and TOKEN not in kept.stdout + kept.stderr
    assert TOKEN.encode() not in kept_bytes(home)
    assert (home.folder / "secret.key").stat().st_mode & 0o777 == 0o600
    pulled = home.run(hub, "pull", "org/model")
    assert pulled.returncode == 0, pulled.stderr


def test_a_token_may_stand_in_a_file(home, hub, tmp_path):
    file = tmp_path / "mine"
    file.write_text(f"  {TOKEN}\n")
    assert home.run(hub, "login", "--token-file", str(file)).returncode == 0
    told = json.loads(home.run(hub, "whoami", "--json").stdout)
    assert (told["name"], told["origin"], told["organisations"]) == ("jane", "kept", ["doe-labs"])
    missing = home.run(hub, "login", "--token-file", str(tmp_path / "none"))
    assert missing.returncode == 1 and "--token-file" in missing.stderr


def test_a_wrong_token_is_not_kept(home, hub):
    for wrong, reason in (("hf_wrong", "does not know this token"), ("two words", "no token"),
                          ("", "no token")):
        told = typed(home, hub, wrong + "\n", "login")
        assert told.returncode == 1 and reason in told.stderr
    assert home.run(hub, "whoami").returncode == 1
    assert typed(home, hub, "hf_wrong", "login", "--no-check").returncode == 0


def test_the_variable_goes_first_and_the_file_of_other_tools_last(home, hub):
    def origin(**environment: str) -> tuple[str, str]:
        told = json.loads(home.run(hub, "whoami", "--json", **environment).stdout)
        return told["name"], told["origin"]

    (home.folder / "token").write_text("hf_other")
    assert origin() == ("other", "file")
    typed(home, hub, TOKEN, "login")
    assert origin() == ("jane", "kept")
    assert origin(HF_TOKEN="hf_other") == ("other", "environment")
    assert "token file" in home.run(hub, "logout").stdout
    assert origin() == ("other", "file")
    assert "No token was kept" in home.run(hub, "logout").stdout


def test_a_lost_key_is_told_and_mended(home, hub):
    typed(home, hub, TOKEN, "login")
    (home.folder / "secret.key").unlink()
    told = home.run(hub, "pull", "org/model")
    assert told.returncode == 1 and "kept token of the Hub" in told.stderr
    assert typed(home, hub, TOKEN, "login").returncode == 0
    assert home.run(hub, "whoami").returncode == 0


def test_the_server_keeps_tests_and_forgets_it(home, hub):
    path = "/admin/api/hub/token"
    with Server(home, hub) as server:
        assert server.get(path) == {"set": False, "origin": None, "kept": False}
        assert server.ask("GET", "/admin/api/hub/account")[0] == 401
        assert server.ask("PUT", path, {"token": "hf_wrong"})[0] == 401
        status, kept = server.ask("PUT", path, {"token": TOKEN})
        assert (status, kept["origin"], kept["account"]["name"]) == (200, "kept", "jane")
        assert TOKEN not in json.dumps(kept)
        assert server.get("/admin/api/hub/account")["token_role"] == "read"
        status, _ = server.ask("GET", "/admin/api/discover/org/model")
        assert status == 200, "it is used at once"
        assert server.ask("DELETE", path) == (200, {"set": False, "origin": None, "kept": False})
        assert server.ask("GET", "/admin/api/discover/org/model")[0] in (401, 403)
