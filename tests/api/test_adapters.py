"""LoRA adapters chosen by a request, held against models whose weights have them added in."""

from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

import checkpoints
from conftest import MODEL
from server import Server, hearth

PROMPT = "Once upon a time, there was a little girl"
CHOICES = {
    "plain": [],
    "poet": [{"id": "poet"}],
    "clerk": [{"id": 1, "scale": 1.0}],
    "half-poet": [{"id": 0, "scale": 0.5}],
    "both": [{"id": "clerk", "scale": -0.5}, {"id": "poet", "scale": 1}],
}


@pytest.fixture(scope="module")
def world(stories_folder, tmp_path_factory):
    """A server with two adapters, and for each choice of them a model with the same weights."""
    folder = tmp_path_factory.mktemp("adapters")
    home = folder / "home"
    poet = checkpoints.write_adapter(folder / "poet", "q_proj", seed=1)
    clerk = checkpoints.write_adapter(folder / "clerk", "o_proj", seed=2)
    models = home / "models" / "tiny"
    checkpoints.copy_of(stories_folder, models / "stories260k")
    checkpoints.merged_stories(models / "poet", [(poet, 1)])
    checkpoints.merged_stories(models / "clerk", [(clerk, 1)])
    checkpoints.merged_stories(models / "half-poet", [(poet, 0.5)])
    checkpoints.merged_stories(models / "both", [(clerk, -0.5), (poet, 1)])
    with Server(home, "--model", MODEL, "--adapter", f"poet={poet}",
                "--adapter", f"{MODEL}:clerk={clerk}", "--max-loaded", "8",
                "--kv-cache", "plain") as server:  # numbers are compared, so none are rounded
        yield server


def tell(server, model: str, lora=None, **fields) -> tuple[str, list[float]]:
    extra = fields | ({} if lora is None else {"lora": lora})
    choice = server.openai().completions.create(
        model=model, prompt=PROMPT, max_tokens=40, temperature=0, logprobs=0,
        extra_body=extra).choices[0]
    return choice.text, choice.logprobs.token_logprobs


def merged(server, name: str) -> tuple[str, list[float]]:
    return tell(server, MODEL if name == "plain" else f"tiny/{name}")


def test_each_choice_equals_the_merged_model(world):
    expected = {name: merged(world, name) for name in CHOICES}
    assert len({text for text, _ in expected.values()}) == len(CHOICES)
    for name, choice in CHOICES.items():
        text, logprobs = tell(world, MODEL, choice)
        assert text == expected[name][0], name
        assert logprobs == pytest.approx(expected[name][1], abs=1e-3), name


def test_different_choices_share_steps(world):
    expected = {name: merged(world, name)[0] for name in CHOICES}
    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(lambda name: (name, tell(world, MODEL, CHOICES[name])[0]),
                             list(CHOICES) * 4))
    assert all(text == expected[name] for name, text in told)


def test_a_models_name_can_choose_an_adapter(world):
    names = [model.id for model in world.openai().models.list().data]
    assert f"{MODEL}:poet" in names and f"{MODEL}:clerk" in names
    assert tell(world, f"{MODEL}:poet")[0] == merged(world, "poet")[0]
    found = world.get(f"/v1/models/{MODEL}:clerk").json()
    assert found["id"] == f"{MODEL}:clerk" and found["parent"] == MODEL


def test_llama_servers_endpoint_sets_what_is_usual(world):
    query = {"model": MODEL}
    plain = tell(world, MODEL)[0]
    listed = world.get("/lora-adapters", params=query).json()
    assert [(one["id"], one["name"], one["path"], one["scale"]) for one in listed] == [
        (0, "poet", "poet", 0), (1, "clerk", "clerk", 0)]
    try:
        assert world.post("/lora-adapters", [{"id": 0, "scale": 0.5}]).json() == {"success": True}
        assert tell(world, MODEL)[0] == merged(world, "half-poet")[0]
        assert tell(world, MODEL, [])[0] == plain
        wrong = world.post("/lora-adapters", [{"id": 7, "scale": 1}])
        assert wrong.status_code == 400 and "2 adapters" in wrong.json()["error"]["message"]
    finally:
        assert world.post("/lora-adapters", []).json() == {"success": True}
    assert tell(world, MODEL)[0] == plain


def test_prompts_of_different_adapters_share_nothing(world):
    long = "Tom and Sue went to the park to play with the big red ball. " * 8

    def cached(lora, **fields) -> int:
        usage = world.openai().completions.create(
            model=MODEL, prompt=long, max_tokens=1, temperature=0,
            extra_body={"lora": lora} | fields).usage
        return usage.prompt_tokens_details.cached_tokens

    assert cached([]) <= 1  # the beginning token, which all prompts have
    assert cached([{"id": 0}]) <= 1
    assert cached([]) > 100 and cached([{"id": 0}]) > 100
    assert cached([{"id": 0, "scale": 0.9}]) == 0
    assert cached([], cache_salt="tenant") == 0
    assert cached([], cache_salt="tenant") > 100
    assert cached([], cache_prompt=False) == 0


def test_unknown_adapters_and_wrong_fields_are_named(world):
    with pytest.raises(openai.BadRequestError, match='no adapter "pirate".*poet, clerk') as caught:
        tell(world, MODEL, [{"id": "pirate"}])
    assert caught.value.param == "lora"
    with pytest.raises(openai.BadRequestError, match="none was loaded"):
        tell(world, "tiny/both", [{"id": 0}])
    answer = world.post("/v1/completions", {"prompt": "x", "lora": [{"scale": "big"}]})
    assert answer.status_code == 400
    assert "lora[0].id" in answer.text and "lora[0].scale" in answer.text
    assert world.post("/v1/completions", {"prompt": "x", "lora": 1}).status_code == 400
    with pytest.raises(openai.NotFoundError):
        tell(world, f"{MODEL}:pirate")


def test_a_wrong_setting_ends_the_start_with_its_reason(world, home, tmp_path):
    for given, said in (("poet", "NAME=FOLDER"),
                        (f"poet={tmp_path}", "adapter_config.json"),
                        ("nobody:poet=x", "nobody")):
        server = Server(home, "--adapter", given, wait=False)
        assert server.process.wait(60) != 0
        assert said in server.log


def test_an_adapter_of_another_model_is_refused_when_the_model_loads(home, tmp_path):
    adapter = checkpoints.write_adapter(tmp_path / "poet", "q_proj", seed=1)
    with Server(home, "--adapter", f"demo:poet={adapter}") as server:
        answer = server.post("/v1/completions", {"model": "demo", "prompt": "x"})
    assert answer.status_code >= 500 and "belongs to another model" in answer.text


def test_the_command_line_takes_adapters_too(stories_folder, home, tmp_path):
    poet = checkpoints.write_adapter(tmp_path / "poet", "q_proj", seed=1)
    clerk = checkpoints.write_adapter(tmp_path / "clerk", "o_proj", seed=2)
    checkpoints.merged_stories(tmp_path / "merged", [(poet, 1), (clerk, 1)])
    words = ("--temperature", "0", "--max-tokens", "30", "--lora", "poet", "--lora", "clerk",
             "--adapter", f"poet={poet}", "--adapter", f"clerk={clerk}", PROMPT)
    adapted = hearth("run", str(stories_folder), *words, home=home)
    merged_in = hearth("run", str(tmp_path / "merged"), *words[:4], PROMPT, home=home)
    assert adapted.returncode == 0 and adapted.stdout == merged_in.stdout
