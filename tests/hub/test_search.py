"""`hearth search` and `recommend`, and the verdicts of /admin/api/discover."""

import json
import urllib.parse

import pytest
from fake_hub import FakeHub
from test_downloads import Server

FILES = {"config.json": b'{"model_type":"llama"}', "model.safetensors": b"x" * 1000}


def found(name: str, weights: dict | None) -> dict:
    model = {"id": f"org/{name}", "author": "org", "downloads": 1234567, "likes": 5, "gated": False,
             "private": False, "tags": ["mlx"], "pipeline_tag": "text-generation",
             "lastModified": "2026-01-02T03:04:05.000Z"}
    if weights:
        model["safetensors"] = {"parameters": weights, "total": sum(weights.values())}
    return model


@pytest.fixture
def hub():
    with FakeHub(FILES) as hub:
        hub.found = [found("small", {"BF16": 1000, "U32": 2000}),
                     found("huge", {"BF16": 10 ** 15}), found("unknown", None)]
        yield hub


def test_search_judges_each_model(home, hub):
    told = home.run(hub, "search", "tiny", "llama", "--author", "org", "--sort", "likes",
                    "--limit", "7", "--json")
    assert told.returncode == 0, told.stderr
    models = {model["id"]: model for model in json.loads(told.stdout)}
    assert models["org/small"]["weight_bytes"] == 2 * 1000 + 4 * 2000
    assert models["org/small"]["fit"]["verdict"] == "fits"
    assert models["org/huge"]["fit"]["verdict"] == "does_not_fit"
    assert models["org/unknown"]["fit"] is None
    query = urllib.parse.parse_qs(hub.searches[0])
    assert query["search"] == ["tiny llama"] and query["filter"] == ["mlx"]
    assert query["author"] == ["org"] and query["sort"] == ["likes"] and query["limit"] == ["7"]
    table = home.run(hub, "search").stdout
    assert "org/huge" in table and "too large" in table and "1,234,567" in table


def test_only_what_fits(home, hub):
    told = home.run(hub, "search", "--fits", "--json")
    ids = [model["id"] for model in json.loads(told.stdout)]
    assert ids == ["org/small", "org/unknown"]
    assert len(hub.searches) == 2, "the next page was asked for"


def test_wrong_words_are_refused(home, hub):
    assert home.run(hub, "search", "--sort", "size").returncode == 2
    assert home.run(hub, "search", "--limit", "0").returncode == 2


def test_the_server_judges_and_recommends(home, hub):
    with Server(home, hub) as server:
        models = server.get("/admin/api/discover?search=x")["models"]
        assert [model["fit"] and model["fit"]["verdict"] for model in models] == [
            "fits", "does_not_fit", None]
        fitting = server.get("/admin/api/discover?fits=true")["models"]
        assert [model["id"] for model in fitting] == ["org/small", "org/unknown"]
        assert server.ask("GET", "/admin/api/discover?fits=perhaps")[0] == 400
        recommended = server.get("/admin/api/discover/recommended")
        assert recommended["budget_bytes"] > 0
        assert recommended["models"][0]["id"].startswith("mlx-community/")


@pytest.mark.parametrize("arguments", [("search", "llama", "--sort", "likes"),
                                       ("pull", "org/model")])
def test_without_a_network_it_is_said_what_to_do(home, hub, arguments):
    told = home.run(hub, *arguments, HF_ENDPOINT="http://127.0.0.1:1")
    assert told.returncode == 1 and told.stdout == ""
    assert "no answer from http://127.0.0.1:1: " in told.stderr and "?" not in told.stderr
    for advice in ("HF_ENDPOINT", "https_proxy", "HF_HUB_OFFLINE", "hearth list"):
        assert advice in told.stderr


def test_the_setting_for_memory_is_what_is_judged_by(home, hub):
    def budgets(*arguments: str, **environment: str) -> set[int]:
        told = home.run(hub, *arguments, "--json", **environment)
        assert told.returncode == 0, told.stderr
        return {model["fit"]["budget_bytes"] for model in json.loads(told.stdout) if model["fit"]}

    for verb in (("recommend",), ("search",), ("list",)):
        assert budgets(*verb, "--memory", "1GB") == {10 ** 9}
        assert budgets(*verb, HEARTH_MEMORY="2GB") == {2 * 10 ** 9}
    shown = home.run(hub, "show", "demo", "--memory", "1GB", "--json")
    assert json.loads(shown.stdout)["fit"]["budget_bytes"] == 10 ** 9
    wrong = home.run(hub, "recommend", "--memory", "plenty")
    assert wrong.returncode == 1 and "pool.memory" in wrong.stderr and "75%" in wrong.stderr


def test_recommend_needs_no_hub(home, hub):
    told = home.run(hub, "recommend", "--json", HF_HUB_OFFLINE="1")
    models = json.loads(told.stdout)
    assert {model["purpose"] for model in models} == {"chat", "reasoning", "code"}
    suits = [model["suits"] for model in models]
    assert suits == sorted(suits, reverse=True)
    assert all(model["fit"]["context"] >= min(8192, model["context_length"])
               for model in models if model["suits"])
    assert home.run(hub, "recommend").returncode == 0
    assert hub.searches == []
