"""The driver of llama-cpp-python makes the calls that the rival's programs make; the package itself
is replaced by one that records them."""

import json
import os
import pathlib
import subprocess
import sys

import plan
import pytest
import rival

FAKE = '''
import ctypes, json, os
from types import SimpleNamespace as Settings

__version__ = "9.9"
LLAMA_FTYPE_MOSTLY_Q4_K_M = 15

def told(name, **facts):
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(json.dumps({"call": name} | facts) + "\\n")

class Rows(dict):
    def __missing__(self, key):
        self[key] = {}
        return self[key]

class Batch:
    def __init__(self):
        self.n_tokens, self.token, self.pos, self.n_seq_id, self.logits = 0, {}, {}, {}, {}
        self.seq_id = Rows()

def llama_backend_init(): pass
def llama_model_default_params(): return Settings()
def llama_context_default_params(): return Settings()
def llama_model_quantize_default_params(): return Settings()
def llama_model_load_from_file(path, settings): return path != b"absent"
def llama_model_get_vocab(model): return model
def llama_vocab_n_tokens(vocabulary): return 50
def llama_init_from_model(model, settings):
    told("context", **vars(settings))
    return 1
def llama_get_memory(context): return 1
def llama_memory_clear(memory, data): told("clear")
def llama_free(context): pass
def llama_synchronize(context): pass
def llama_batch_init(tokens, embedding, sequences): return Batch()
def llama_batch_get_one(tokens, count):
    return Settings(n_tokens=count, pos=None)
def llama_decode(context, batch):
    rows = None
    if batch.pos is not None:
        rows = [[batch.seq_id[i][0], batch.pos[i], bool(batch.logits[i])]
                for i in range(batch.n_tokens)]
    told("decode", tokens=batch.n_tokens, rows=rows)
    return 0
def llama_model_quantize(source, target, settings):
    told("quantise", source=source.decode(), target=target.decode(), ftype=settings.ftype)
    return 0
'''


@pytest.fixture
def run(tmp_path):
    """Runs it with such options; gives what it printed and the calls."""
    (tmp_path / "llama_cpp.py").write_text(FAKE)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    calls = tmp_path / "calls"
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "CALLS": str(calls)}

    def run(command: list[str], expected: int = 0):
        calls.write_text("")
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stderr
        return done.stdout + done.stderr, [json.loads(line) for line in calls.open()]

    return run


@pytest.fixture
def programs(tmp_path) -> rival.Programs:
    return rival.Programs(tmp_path)


def size(**more) -> plan.Size:
    usual = {"prompts": (3000,), "depth": 7, "tokens": 4, "streams": (2, 3), "stream_prompt": 2,
             "stream_tokens": 2, "repeats": 2}
    return plan.Size(**usual | more)


def tokens_of(calls: list[dict]) -> list[int]:
    return [call["tokens"] for call in calls if call["call"] == "decode"]


def test_prompts_go_in_calls_of_2048_and_answers_token_by_token(run, programs):
    text, calls = run(rival.bench_command(programs, pathlib.Path("model"), "single", size(), 2))
    warm_prompt, prompt = [2048, 952], [2048, 952]
    assert tokens_of(calls) == [*warm_prompt, *prompt * 2, 1, *[1] * 8]
    found = rival.read_bench(text, "single", 2)
    assert set(found) == {"prefill 3000", "decode, depth 0"}
    assert calls[0]["n_ctx"] == 3000
    assert calls[0]["n_threads"] == calls[0]["n_threads_batch"] == 2


def test_depth_is_read_before_every_measurement(run, programs):
    text, calls = run(rival.bench_command(programs, pathlib.Path("model"), "depth", size(), 2))
    assert tokens_of(calls) == [1, 7, 1, 1, 1, 1, 7, 1, 1, 1, 1]
    assert "decode, depth 7" in rival.read_bench(text, "depth", 2)


def test_streams_have_prompts_of_their_own_and_take_turns(run, programs):
    text, calls = run(rival.batched_command(programs, pathlib.Path("model"), size(), 2))
    assert (calls[0]["n_seq_max"], calls[0]["n_ctx"]) == (3, 3 * (2 + 2))
    of_two = [call["rows"] for call in calls if call["call"] == "decode"][:3]
    assert of_two == [[[0, 0, False], [0, 1, True], [1, 0, False], [1, 1, True]],
                      [[0, 2, True], [1, 2, True]], [[0, 3, True], [1, 3, True]]]
    assert set(rival.read_batched(text, (2, 3))) == {"decode, 2 streams", "decode, 3 streams"}


def test_a_busy_core_is_tried_with_a_thread_fewer(run, programs):
    command = rival.bench_command(programs, pathlib.Path("model"), "busy", size(), 2)
    _, calls = run([*command, "-fa", "on"])
    contexts = [call for call in calls if call["call"] == "context"]
    assert {call["n_threads"] for call in contexts} == {1, 2}
    assert all(call["flash_attn_type"] == 1 for call in contexts)


def test_weights_version_and_an_absent_model(run, programs):
    _, calls = run([*programs.command(rival.QUANTISE), "a", "b", "Q4_K_M"])
    assert calls == [{"call": "quantise", "source": "a", "target": "b", "ftype": 15}]
    assert run(programs.version_command())[0].strip() == "llama-cpp-python 9.9"
    said, _ = run(rival.bench_command(programs, pathlib.Path("absent"), "start", size(), 2), 1)
    assert "the rival cannot load it" in said


def test_programs_in_the_folder_come_first(tmp_path):
    (tmp_path / rival.BENCH).touch()
    found = rival.Programs(tmp_path)
    assert found.command(rival.BENCH) == [str(tmp_path / rival.BENCH)]
    assert not found.has(rival.BATCHED)
