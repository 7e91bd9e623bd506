"""`hearth compare`, `hearth convert --measure` and `hearth test`: figures, and who keeps them."""

import json

import pytest
from checkpoints import DEMO, copy_of
from server import hearth


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The demo model in 4 bits, measured while it was made, and its home."""
    home = tmp_path_factory.mktemp("small")
    done = hearth("convert", str(DEMO), "--requantize", "--bits", "4", "--measure", "--tokens",
                  "600", home=home)
    assert done.returncode == 0, done.stderr
    return home, done.stdout


def test_a_conversion_is_measured_and_the_figures_are_kept(small):
    home, printed = small
    assert "KL divergence from hearth-demo: mean 0." in printed
    assert "Measured on 600 of " in printed and "the built-in text" in printed
    shown = hearth("show", "hearth-demo-4bit", home=home)
    assert "KL divergence 0." in shown.stdout and "from hearth-demo" in shown.stdout
    kept = json.loads(hearth("show", "hearth-demo-4bit", "--json", home=home).stdout)["measured"]
    assert kept["reference_name"] == "hearth-demo" and 0 < kept["kl_mean"] < 1
    plain = json.loads(hearth("show", "hearth-demo", "--json", home=home).stdout)
    assert plain["measured"] is None


def test_two_models_side_by_side(small, tmp_path):
    home, _ = small
    text = tmp_path / "story.txt"
    text.write_text("Once there was a fox who lived by the sea. " * 8)
    done = hearth("compare", "hearth-demo", "hearth-demo-4bit", "--text", str(text), "--json",
                  home=home)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["text"] == "story.txt" and found["text_tokens"] == found["whole_text_tokens"]
    assert found["predicted_tokens"] == found["text_tokens"] - 1
    assert found["model"]["bits_per_weight"] < 4.6 < 8.4 < found["reference"]["bits_per_weight"]
    assert found["model"]["disk_bytes"] < found["reference"]["disk_bytes"]
    assert found["model"]["memory_bytes"] < found["reference"]["memory_bytes"]
    for model in ("reference", "model"):
        assert found[model]["generation_tokens_per_second"] > 0
        assert found[model]["perplexity"] > 1
    assert 0 < found["kl_mean"] <= found["kl_p99"] <= found["kl_max"]
    assert 0.3 < found["agreement"] <= 1


def test_says_what_cannot_be_compared(small, stories_folder, tmp_path):
    home, _ = small
    other = hearth("compare", "hearth-demo", str(stories_folder), home=home)
    assert other.returncode == 1 and "different vocabularies" in other.stderr
    missing = hearth("compare", "hearth-demo", "hearth-demo-4bit", "--text",
                     str(tmp_path / "none.txt"), home=home)
    assert missing.returncode == 1 and "none.txt" in missing.stderr
    assert "hearth-demo-4bit" not in hearth("compare", "nobody", "hearth-demo", home=home).stdout


def test_what_goes_with_what(home, tmp_path):
    source = copy_of(DEMO, tmp_path / "demo")
    refused = hearth("convert", str(source), "--requantize", "--in-place-space", home=home)
    assert refused.returncode == 1 and "--delete-source" in refused.stderr
    told = hearth("convert", str(source), "--requantize", "--in-place-space", "--dry-run",
                  home=home)
    assert told.returncode == 0 and "needed at once" in told.stdout
    assert (source / "model.safetensors").exists()
    for flags in (("--target-bpw", "4"), ("--in-place-space", "--measure")):
        assert hearth("convert", str(source), *flags, home=home).returncode == 1
    done = hearth("convert", str(source), "--requantize", "--in-place-space", "--delete-source",
                  home=home)
    assert done.returncode == 0, done.stderr
    assert not (source / "model.safetensors").exists()
    assert (home / "models" / "demo-4bit" / "model.safetensors").exists()


def test_an_example_is_asked_by_its_key(home):
    done = hearth("test", "demo", "--example", "simple", "--max-tokens", "50", "--temperature", "0",
                  "--top-p", "0.9", "--repetition-penalty", "1.1", home=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("> What is the capital of France?")
    assert "tokens/s" in done.stdout and "memory:" in done.stdout
    examples = json.loads((home / "example-prompts.json").read_text())
    assert list(examples) == ["simple", "rag", "creative", "technical", "multilingual"]
    (home / "example-prompts.json").write_text(json.dumps({"own": "Who are you?"}))
    own = hearth("test", "demo", "--example", "own", "--json", home=home)
    answer = json.loads(own.stdout)
    assert answer["prompt"] == "Who are you?" and "Ember" in answer["content"]
    assert answer["completion_tokens"] > 0 and answer["generation_tokens_per_second"] > 0
    gone = hearth("test", "demo", "--example", "simple", home=home)
    assert gone.returncode == 1 and "(there are own)" in gone.stderr


@pytest.mark.parametrize("flags", [
    ("--max-tokens", "49"), ("--max-tokens", "2001"), ("--temperature", "1.1"), ("--top-p", "2"),
    ("--repetition-penalty", "0.9"), ("--example", "simple")])
def test_a_test_keeps_to_its_limits(home, flags):
    assert hearth("test", "demo", "Hello", *flags, home=home).returncode == 2


def test_a_test_without_a_prompt_names_the_examples(home):
    asked = hearth("test", "demo", home=home)
    assert asked.returncode == 1 and "simple, rag, creative" in asked.stderr
