"""Prompts that are kept on disk: POST, GET and DELETE /admin/api/prompts, and what a restart finds."""

import json

import pytest

import checkpoints
from conftest import MODEL
from server import Server

RULES = ("Once upon a time, there was a little girl named Lily. She loved to play outside in the "
         "park with her dog. One day, she saw a big red ball. She wanted to play with it, but it "
         "was too high. Lily asked her mom to help her. Her mom said yes and they went home. ") * 2


@pytest.fixture
def own_home(stories_folder, home):
    """A home with the model, whose saved prompts no other test sees."""
    (home / "models" / "tiny").mkdir(parents=True)
    (home / "models" / MODEL).symlink_to(stories_folder.resolve())
    return home


def start(home, *arguments):
    return Server(home, "--model", MODEL, *arguments)


def save(server, prompt=RULES, **fields):
    return server.post("/admin/api/prompts", {"model": MODEL, "prompt": prompt} | fields)


def saved(server):
    return server.get("/admin/api/prompts").json()["prompts"]


def complete(server, prompt):
    """The greedy text, and how many tokens came from the cache."""
    answer = server.post("/v1/completions", {"model": MODEL, "prompt": prompt, "max_tokens": 24,
                                             "temperature": 0}).json()
    return (answer["choices"][0]["text"],
            answer["usage"]["prompt_tokens_details"]["cached_tokens"])


def files(home):
    return list((home / "prompts").rglob("*.safetensors"))


def test_a_saved_prompt_survives_a_restart(own_home):
    with start(own_home) as server:
        answer = save(server, name="the rules")
        assert answer.status_code == 201, answer.text
        entry = answer.json()
        assert entry["name"] == "the rules" and entry["model"] == MODEL
        assert entry["tokens"] % 32 == 0 and entry["tokens"] > 100
        [listed] = saved(server)
        assert listed == {name: entry[name] for name in listed}
        assert listed["bytes"] == files(own_home)[0].stat().st_size
    with start(own_home, "--no-prefix-cache") as server:
        cold, cached = complete(server, RULES + "Then Tim came.")
        assert cached == 0
    with start(own_home) as server:
        hit, cached = complete(server, RULES + "Then Tim came.")
        assert cached == entry["tokens"] and hit == cold
        assert files(own_home)[0].parent.name == entry["fingerprint"]


def test_a_damaged_file_is_removed_and_the_request_answered(own_home):
    with start(own_home) as server:
        entry = save(server).json()
    [file] = files(own_home)
    content = bytearray(file.read_bytes())
    content[-1000] ^= 1
    file.write_bytes(content)
    with start(own_home) as server:
        text, cached = complete(server, RULES + "Then")
        assert text and cached == 0
        assert not file.exists()
        assert entry["id"] in server.log and "SHA-256 differs" in server.log
        assert saved(server) == []


def test_the_prompts_of_another_model_are_never_used(own_home, stories_folder):
    with start(own_home) as server:
        assert save(server).status_code == 201
    other = own_home / "models" / "other"
    checkpoints.copy_of(stories_folder, other)
    header, data = checkpoints.read_safetensors(other / "model.safetensors")
    checkpoints.write_safetensors(other / "model.safetensors", header, data[:-1] + b"\x01")
    with Server(own_home, "--model", "other") as server:
        answer = server.post("/v1/completions", {"prompt": RULES + "Then", "max_tokens": 1}).json()
        assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
    with start(own_home, "--kv-cache", "8-bit") as server:
        assert complete(server, RULES + "Then")[1] == 0
        assert "is not used" in server.log
    assert len(files(own_home)) == 1


def test_the_oldest_make_room(own_home):
    with start(own_home, "--saved-prompts-mib", "1", "--kv-cache", "plain") as server:
        sizes = []
        for tale in ("Tim", "Sue", "Max", "Ben", "Ann", "Sam"):
            answer = save(server, (tale + " was here. " + RULES))
            assert answer.status_code == 201, answer.text
            sizes.append(answer.json()["bytes"])
        listing = server.get("/admin/api/prompts").json()
        assert sum(sizes) > listing["limit_bytes"] == 1 << 20, "the test needs more than the cap"
        assert listing["bytes"] == sum(file.stat().st_size for file in files(own_home)) <= 1 << 20
        assert listing["prompts"][0]["id"] == answer.json()["id"]
        assert 1 <= len(listing["prompts"]) < 6


def test_prompts_are_removed_by_their_id(own_home):
    with start(own_home) as server:
        entry = save(server).json()
        with server.http() as client:
            assert client.delete(f"/admin/api/prompts/{entry['id']}").json()["removed"] is True
            assert saved(server) == [] and files(own_home) == []
            again = client.delete(f"/admin/api/prompts/{entry['id']}")
        assert again.status_code == 404 and again.json()["status"] == 404


def test_what_cannot_be_saved_says_why(own_home):
    with start(own_home, "--saved-prompts-mib", "0") as server:
        refused = save(server)
        assert refused.status_code == 400
        assert "engine.saved_prompts_mib" in refused.json()["detail"]
        assert save(server, "Hi").json()["detail"].startswith("the prompt's beginning")
        both = save(server, messages=[])
        assert both.status_code == 400 and "either messages or prompt" in both.json()["detail"]
        assert server.post("/admin/api/prompts", {"prompt": "x", "model": "?"}).status_code == 404


def test_a_system_prompt_of_a_chat_is_saved_as_the_template_renders_it(demo):
    """The demo model's own home may be shared, so its prompt is removed in the end."""
    rules = {"role": "system", "content": "Answer kindly and in one sentence. " * 12}
    answer = demo.post("/admin/api/prompts", {"messages": [rules], "name": "kind"})
    assert answer.status_code == 201, json.dumps(answer.json())
    entry = answer.json()
    with demo.http() as client:
        client.delete(f"/admin/api/prompts/{entry['id']}")
    chat = demo.post("/v1/chat/completions",
                     {"messages": [rules, {"role": "user", "content": "Hi"}], "max_tokens": 1})
    cached = chat.json()["usage"]["prompt_tokens_details"]["cached_tokens"]
    assert cached >= entry["tokens"], "what was computed stays in memory"
