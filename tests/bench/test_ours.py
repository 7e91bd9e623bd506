"""What hearth-engine-bench prints becomes figures with the same names as the rival's."""

import json

import ours
import plan

ANSWER = {
    "prefill": [{"tokens": 512, "seconds": [1.0, 2.0, 4.0]}],
    "decode": [{"depth": 0, "streams": 1, "tokens": 64, "seconds": [2.0]},
               {"depth": 128, "streams": 8, "tokens": 16, "seconds": [1.0, 3.0]}],
    "kernels": {"path": "avx512"}, "weight_bytes": 5, "chunk": 512, "load_s": 0.1,
}


def test_figures():
    assert ours.read(json.dumps(ANSWER), "single") == {
        plan.prefill(512): {"rate": 256.0, "ms": 2000.0}, plan.decode(0): {"rate": 32.0},
        plan.together(8): {"rate": 64.0}}


def test_a_busy_core_stands_against_both_ways_of_the_rival():
    assert ours.read(json.dumps(ANSWER), "busy") == {plan.BUSY: {"rate": 32.0},
                                                     plan.BUSY_FEWER: {"rate": 32.0}}


def test_proof_of_path_is_kept():
    assert ours.facts(json.dumps(ANSWER))["kernels"] == {"path": "avx512"}
