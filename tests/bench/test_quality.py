"""Divergence, agreement and perplexity, by hand; packing there and back."""

import math

import affine
import measures
import numpy as np
import pytest
import safetensors_file
from measures import Distributions


def distributions(rows: list[list[float]], tokens: list[int]) -> Distributions:
    return Distributions(np.log(np.array(rows, np.float32)), np.array(tokens, np.int32))


REFERENCE = distributions([[0.5, 0.25, 0.25], [0.34, 0.33, 0.33]], [0, 2])
OTHER = distributions([[0.25, 0.5, 0.25], [0.33, 0.34, 0.33]], [0, 2])


def test_a_setting_does_not_differ_from_itself():
    found = measures.compare(REFERENCE, REFERENCE)
    assert (found["kl_mean"], found["agreement"], found["perplexity_change"]) == (0, 1, 0)


def test_figures_by_hand():
    found = measures.compare(REFERENCE, OTHER)
    first = 0.5 * math.log(2) - 0.25 * math.log(2)
    second = 0.01 * math.log(0.34 / 0.33)
    assert found["kl_mean"] == pytest.approx((first + second) / 2, rel=1e-4)
    assert found["kl_max"] == pytest.approx(first, rel=1e-5)
    assert found["agreement"] == 0
    assert (found["clear"], found["clear_agreement"]) == (1, 0)  # the second leads by 0.01 only
    assert found["perplexity"] == pytest.approx((0.25 * 0.33) ** -0.5, rel=1e-5)
    assert found["reference_perplexity"] == pytest.approx((0.5 * 0.33) ** -0.5, rel=1e-5)


@pytest.mark.parametrize("bits", [4, 8])
def test_packing_is_off_by_half_a_step_at_most(bits):
    values = np.random.default_rng(1).standard_normal((3, 5, 128)).astype(np.float32)
    words, scales, biases = affine.pack(values, bits)
    assert words.shape == (3, 5, 128 * bits // 32)
    assert scales.shape == biases.shape == (3, 5, 2)
    error = np.abs(affine.unpack(words, scales, biases, bits) - values).reshape(3, 5, 2, 64)
    step = affine.from_bfloat16(scales)[..., None]
    # Scale and bias are rounded to 8 bits, so the ends of a group may lie a little further off.
    assert (error <= step / 2 + 0.02 * 2**bits * step / 4).all()
    assert error.mean() < step.mean() / 3


def test_large_values_are_packed_piece_by_piece(monkeypatch):
    values = np.random.default_rng(2).standard_normal((9, 64)).astype(np.float32)
    whole = affine.pack(values, 4)
    monkeypatch.setattr(affine, "PIECE", 100)
    for before, after in zip(whole, affine.pack(values, 4), strict=True):
        assert (before == after).all()


def test_tensors_come_back(tmp_path):
    rows = [("a", "F32", np.arange(6, dtype=np.float32).reshape(2, 3)),
            ("b", "BF16", np.array([0x3F80, 0xBF80], np.uint16))]
    safetensors_file.write(tmp_path / "model.safetensors", rows)
    found = safetensors_file.read(tmp_path / "model.safetensors")
    assert list(found) == ["a", "b"]
    for name, kind, values in rows:
        assert found[name][0] == kind
        assert (found[name][1] == values).all()
    assert affine.from_bfloat16(found["b"][1]).tolist() == [1.0, -1.0]
