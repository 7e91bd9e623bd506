"""What llama.cpp's bench programs print becomes figures."""

import json
import pathlib

import plan
import pytest
import rival

SIZE = plan.QUICK
PROGRAMS = rival.Programs(pathlib.Path("absent"))


def bench_test(prompt: int, made: int, depth: int = 0, threads: int = 2, ns=(1e9, 2e9, 4e9)):
    return {"n_prompt": prompt, "n_gen": made, "n_depth": depth, "n_threads": threads,
            "samples_ns": list(ns), "avg_ns": 1}


def test_rates_are_medians_over_the_samples():
    text = json.dumps([bench_test(512, 0), bench_test(0, 64), bench_test(0, 64, depth=2048)])
    assert rival.read_bench(text, "single", 2) == {
        "prefill 512": {"rate": 256.0, "ms": 2000.0},
        "decode, depth 0": {"rate": 32.0, "ms": 2000.0},
        "decode, depth 2048": {"rate": 32.0, "ms": 2000.0}}


def test_words_before_the_json_do_not_matter():
    text = "load_backend: loaded CPU backend\n" + json.dumps([bench_test(0, 64)])
    assert plan.decode(0) in rival.read_bench(text, "single", 2)


def test_a_busy_core_is_tried_with_a_thread_fewer_too():
    text = json.dumps([bench_test(0, 32, threads=2), bench_test(0, 64, threads=1)])
    found = rival.read_bench(text, "busy", 2)
    assert found[plan.BUSY]["rate"] == 16.0
    assert found[plan.BUSY_FEWER]["rate"] == 32.0


def test_json_lines_of_several_streams():
    lines = [json.dumps({"pp": 128, "tg": 32, "pl": streams, "speed_tg": 10.5 * streams})
             for streams in (2, 8, 1)]
    assert rival.read_batched("main: n_kv_max = 5120\n" + "\n".join(lines) + "\n", (2, 8)) == {
        "decode, 2 streams": {"rate": 21.0}, "decode, 8 streams": {"rate": 84.0}}


def test_a_table_of_several_streams():
    text = """
main: n_kv_max = 1280

|    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |      T s |    S t/s |
|-------|--------|------|--------|----------|----------|----------|----------|----------|----------|
|   128 |     32 |    8 |   1280 |    1.500 |   682.67 |    3.200 |    80.00 |    4.700 |   272.34 |
"""
    assert rival.read_batched(text, (8,)) == {"decode, 8 streams": {"rate": 80.0}}


@pytest.mark.parametrize("text", ["", "error: no such file", "|    PP |     TG |",
                                  '{"pl": 2, "speed_tg": 1}'])
def test_a_missing_line_is_a_fault(text):
    with pytest.raises(ValueError, match="no line for 8 streams"):
        rival.read_batched(text, (8,))


def test_no_json_is_a_fault():
    with pytest.raises(ValueError):  # noqa: PT011 -- json's own
        rival.read_bench("main: error: failed to load model", "single", 2)


def words(step: str) -> list[str]:
    return rival.bench_command(PROGRAMS, pathlib.Path("m"), step, SIZE, 2)


def after(flag: str, command: list[str]) -> str:
    return command[command.index(flag) + 1]


def test_prompts_are_read_once():
    assert after("-p", words("single")) == "512"
    assert after("-p", words("depth")) == "0"
    assert after("-d", words("depth")) == "2048"
    assert "-d" not in words("single")


def test_the_cache_of_several_streams_has_room_for_all():
    command = rival.batched_command(PROGRAMS, pathlib.Path("m"), SIZE, 2)
    assert int(after("-c", command)) == 32 * (128 + 16)
    assert after("-npl", command) == "8,32,1"
