"""GET /v1/models and how a name finds its model."""

import openai
import pytest
from conftest import MODEL


def test_the_list_shows_what_is_on_disk_and_what_is_loaded(stories):
    models = {model.id: model for model in stories.openai().models.list()}
    entry = models[MODEL]
    assert entry.object == "model" and entry.owned_by == "tiny" and entry.created > 0
    assert entry.context_length == 512 and entry.max_model_len == 512
    assert entry.state == "loaded" and "completion" in entry.capabilities
    assert "hearth-demo" not in models or models["hearth-demo"].state == "unloaded"


def test_the_list_serves_clients_of_the_other_vendor_too(stories):
    body = stories.get("/v1/models").json()
    assert body["object"] == "list" and body["has_more"] is False
    assert body["first_id"] == body["data"][0]["id"] and body["last_id"] == body["data"][-1]["id"]
    entry = next(model for model in body["data"] if model["id"] == MODEL)
    assert entry["type"] == "model" and entry["display_name"] == "stories260k"
    assert entry["created_at"].endswith("Z") and entry["max_input_tokens"] == 512


def test_one_model_is_found_by_its_client(stories):
    assert stories.openai().models.retrieve(MODEL).id == MODEL  # the client sends %2F


@pytest.mark.parametrize("path", [
    "/v1/models/tiny/stories260k", "/v1/models/tiny%2Fstories260k", "/v1/models/stories260k",
    "/v1/models/STORIES260K:latest"])
def test_an_id_may_hold_slashes_and_be_shortened(stories, path):
    answer = stories.get(path)
    assert answer.status_code == 200 and answer.json()["id"] == MODEL


def test_a_short_name_works_in_a_request_and_is_echoed(stories):
    answer = stories.post("/v1/completions", {"model": "stories260k", "prompt": "Once",
                                              "max_tokens": 2})
    assert answer.json()["model"] == "stories260k"
    assert answer.headers["x-hearth-model"] == MODEL


def test_an_unknown_model_is_a_404_with_near_names(stories):
    for ask in (lambda client: client.models.retrieve("storys260k"),
                lambda client: client.chat.completions.create(
                    model="storys260k", messages=[{"role": "user", "content": "hi"}])):
        with pytest.raises(openai.NotFoundError) as missing:
            ask(stories.openai())
        assert missing.value.code == "model_not_found" and missing.value.param == "model"
        assert MODEL in missing.value.message and "storys260k" in missing.value.message


def test_a_path_from_the_network_never_becomes_a_folder(stories, stories_folder):
    for name in (str(stories_folder), "../../etc", "tiny/../tiny/stories260k"):
        answer = stories.post("/v1/completions", {"model": name, "prompt": "x"})
        assert answer.status_code == 404 and answer.json()["error"]["code"] == "model_not_found"


def test_without_a_model_the_first_one_served_answers(stories):
    answer = stories.post("/v1/completions", {"prompt": "Once", "max_tokens": 2})
    assert answer.status_code == 200 and answer.headers["x-hearth-model"] == MODEL


def test_an_ambiguous_name_is_refused_with_the_candidates(stories_home, tmp_path, stories_folder):
    from server import Server
    home = tmp_path / "home"
    for name in ("a/twin", "b/twin"):
        (home / "models" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "models" / name).symlink_to(stories_folder.resolve())
    with Server(home, "--model", "a/twin") as server:
        answer = server.get("/v1/models/twin")
        assert answer.status_code == 404
        assert "a/twin" in answer.text and "b/twin" in answer.text
