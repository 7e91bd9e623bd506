"""The served description: valid OpenAPI 3.1, and true."""

import pytest
from fake_hub import FakeHub
from openapi_spec_validator import OpenAPIV31SpecValidator
from schema_fuzz import FILES, fuzz, server


@pytest.fixture
def running(home):
    with FakeHub(FILES) as hub, server(home, hub) as running:
        yield running


def test_it_is_valid_openapi(running):
    document = running.get("/openapi.json")
    assert document["openapi"] == "3.1.0" and document["info"]["version"].startswith("0.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_answers_are_as_described(running, tmp_path):
    done = fuzz(running.url, tmp_path, examples=3, seconds=30, seed=1, phases="fuzzing")
    assert done.returncode == 0, done.stdout + done.stderr
