"""The command line: what it prints, for people and for programs, and how it ends."""

import json
import shutil
import subprocess

import pytest
from checkpoints import published_story
from conftest import MODEL
from server import PROGRAM, Server, environment, hearth

VERBS = ("serve", "run", "search", "recommend", "pull", "login", "logout", "whoami", "test",
         "convert", "jobs", "compare", "list", "show", "rm", "alias", "favourite", "note", "preset",
         "check", "du", "export", "import", "ps", "load", "unload", "pin", "doctor", "version", "completions")


def test_version(home):
    shown = hearth("version", home=home)
    assert shown.returncode == 0 and shown.stdout.startswith("hearth 0.")
    assert hearth("--version", home=home).stdout == shown.stdout


def test_help_names_every_verb_and_ways_to_begin(home):
    shown = hearth("--help", home=home)
    assert shown.returncode == 0
    assert all(verb in shown.stdout for verb in VERBS)
    assert "hearth run demo" in shown.stdout and "worker" not in shown.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(home, verb):
    shown = hearth(verb, "--help", home=home)
    assert shown.returncode == 0 and shown.stderr == "" and len(shown.stdout) > 100


@pytest.mark.parametrize("arguments", [
    (), ("walk",), ("serve", "--prot", "80"), ("run",), ("completions", "tcsh"),
    ("run", "demo", "--temperature", "9", "hi")])
def test_wrong_usage_ends_with_2(home, arguments):
    shown = hearth(*arguments, home=home)
    assert shown.returncode == 2 and shown.stdout == "" and shown.stderr


def test_a_wrong_value_of_a_setting_ends_with_1_and_says_what_is_right(home):
    shown = hearth("serve", "--port", "99999", home=home)
    assert shown.returncode in (1, 2)
    assert "--port" in shown.stderr and "65535" in shown.stderr


def test_list_shows_the_models_on_disk(stories_home):
    table = hearth("list", home=stories_home)
    assert table.returncode == 0 and MODEL in table.stdout and "llama" in table.stdout
    entry = next(model for model in json.loads(hearth("list", "--json", home=stories_home).stdout)
                 if model["id"] == MODEL)
    assert entry["context_length"] == 512 and entry["fault"] == ""


def test_list_finds_the_hugging_face_cache(home, stories_folder):
    repository = home / "hub" / "models--karpathy--tiny-stories"
    (repository / "refs").mkdir(parents=True)
    (repository / "snapshots").mkdir()
    (repository / "refs" / "main").write_text("abc123")
    (repository / "snapshots" / "abc123").symlink_to(stories_folder.resolve())
    ids = [model["id"] for model in json.loads(hearth("list", "--json", home=home).stdout)]
    assert "karpathy/tiny-stories" in ids
    assert hearth("show", "tiny-stories", home=home).returncode == 0


def test_show_tells_what_is_known(stories_home, stories_folder):
    for name in (MODEL, "stories260k", str(stories_folder)):
        shown = hearth("show", name, home=stories_home)
        assert shown.returncode == 0
        assert "llama" in shown.stdout and "512" in shown.stdout and "model.safe" in shown.stdout
    told = json.loads(hearth("show", MODEL, "--json", home=stories_home).stdout)
    assert told["id"] == MODEL and told["architecture"] == "llama"


def test_an_unknown_name_is_met_with_near_ones(stories_home):
    shown = hearth("show", "storys260k", home=stories_home)
    assert shown.returncode == 1 and shown.stdout == "" and MODEL in shown.stderr


def test_ps_shows_a_running_server(stories_home):
    with Server(stories_home, "--model", MODEL) as server:
        table = hearth("ps", "--port", str(server.port), home=stories_home)
        assert table.returncode == 0 and MODEL in table.stdout
        entry = json.loads(hearth("ps", "--port", str(server.port), "--json",
                                  home=stories_home).stdout)[0]
        assert entry["state"] == "loaded" and entry["process"] == server.worker(MODEL)
    gone = hearth("ps", "--port", str(server.port), home=stories_home)
    assert gone.returncode == 1 and "hearth serve" in gone.stderr


def test_doctor_looks_at_everything(home):
    report = hearth("doctor", "--port", "0", home=home)
    for part in ("processor", "memory", "MLX", "CPU kernels", "matrix products", "port", "home",
                 "models"):
        assert part in report.stdout, report.stdout + report.stderr
    findings = json.loads(hearth("doctor", "--port", "0", "--json", home=home).stdout)
    verdicts = {finding["what"]: finding["verdict"] for finding in findings}
    assert verdicts["MLX"] == "ok" and verdicts["home"] == "ok"
    assert report.returncode == (1 if "bad" in verdicts.values() else 0)


def test_doctor_says_who_holds_the_port(stories):
    report = hearth("doctor", "--port", str(stories.port), "--json", home=stories.home)
    port = next(one for one in json.loads(report.stdout) if one["what"] == "port")
    assert port["verdict"] == "ok" and "Hearth" in port["detail"]


RUN = ("run", MODEL, "--temperature", "0", "--max-tokens", "20")


def test_run_answers_once(stories_home):
    shown = hearth(*RUN, "Once upon a time", home=stories_home)
    assert shown.returncode == 0 and shown.stderr == ""
    said = shown.stdout.removesuffix("\n")
    assert len(said) > 30 and ("Once upon a time" + said) == published_story()[:16 + len(said)]


def test_run_takes_its_prompt_from_a_pipe(stories_home):
    piped = hearth(*RUN, home=stories_home, stdin="Once upon a time")
    assert piped.stdout == hearth(*RUN, "Once upon a time", home=stories_home).stdout


def test_run_gives_json_with_statistics(stories_home):
    shown = hearth(*RUN, "--json", "Once upon a time", home=stories_home)
    told = json.loads(shown.stdout)
    assert told["content"].startswith(", there was a little girl")
    assert told["usage"]["completion_tokens"] == 20 and told["finish_reason"] == "length"
    assert told["timings"]["predicted_ms"] > 0


def test_run_takes_a_folder(stories_home, stories_folder):
    shown = hearth("run", str(stories_folder), "--max-tokens", "3", "Once", home=stories_home)
    assert shown.returncode == 0 and shown.stdout.strip()


def test_run_without_a_prompt_says_what_is_missing(stories_home):
    shown = hearth(*RUN, home=stories_home)
    assert shown.returncode == 1 and "prompt" in shown.stderr


def test_run_of_an_unknown_model_ends_with_1(stories_home):
    shown = hearth("run", "storys260k", "hi", home=stories_home)
    assert shown.returncode == 1 and MODEL in shown.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_made_for_a_shell(home, shell):
    script = hearth("completions", shell, home=home)
    assert script.returncode == 0 and all(verb in script.stdout for verb in VERBS)
    assert "--port" in script.stdout or "-l port" in script.stdout
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=script.stdout, text=True,
                                 capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr


def test_bash_completes_verbs_and_flags(home):
    script = hearth("completions", "bash", home=home).stdout
    for words, wanted in (("hearth se", "serve"), ("hearth serve --po", "--port")):
        question = (f"{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
                    "_hearth; echo \"${COMPREPLY[@]}\"")
        asked = subprocess.run(["bash", "-c", question], text=True, capture_output=True, check=True)
        assert wanted in asked.stdout.split()


def test_a_closed_pipe_ends_quietly(home):
    shown = subprocess.run(f"'{PROGRAM}' --help | head -n 1", shell=True, text=True,
                           env=environment(home), capture_output=True, check=False)
    assert shown.returncode == 0 and shown.stderr == ""
