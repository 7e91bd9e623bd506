"""Makes the golden numbers of sampling with mlx-lm, and with numpy where mlx-lm has no such step.

    python tests/golden/generate/sampling.py      (needs mlx-lm 0.32, mlx on the CPU)

Writes to tests/golden/sampling:
    filters.json    log-probabilities -> tokens that stay; top_p, min_p, top_k in this order, on
                    untempered log-probabilities, without renormalising in between (mlx-lm)
    chains.json     the same for chains of all steps in any order: mlx-lm's make_sampler order with
                    xtc, then orders of llama.cpp where each step renormalises (numpy, by the
                    definitions, with full sorts)
    penalties.json  logits and the tokens so far -> logits (mlx-lm, with logit_bias)
    logprobs.json   logits, biases and penalties -> reported log-probabilities (mlx-lm, then numpy)
"""

import json
import pathlib

import hash_weights
import numpy as np
import mlx.core as mx
from mlx_lm import sample_utils

OUT = pathlib.Path(__file__).resolve().parent.parent / "sampling"
VOCAB = 32

FILTERS = [
    {"top_k": 1}, {"top_k": 5}, {"top_k": 31},
    {"top_p": 0.1}, {"top_p": 0.5}, {"top_p": 0.9}, {"top_p": 0.999},
    {"min_p": 0.05}, {"min_p": 0.3}, {"min_p": 1.0},
    {"top_p": 0.9, "top_k": 3}, {"top_p": 0.6, "min_p": 0.1}, {"min_p": 0.02, "top_k": 8},
    {"top_p": 0.8, "min_p": 0.05, "top_k": 4},
]
PENALTIES = [
    {"repetition_penalty": 1.3}, {"repetition_penalty": 0.7},
    {"presence_penalty": 0.5}, {"presence_penalty": -0.4},
    {"frequency_penalty": 0.25}, {"frequency_penalty": -0.1},
    {"repetition_penalty": 1.1, "presence_penalty": 0.6, "frequency_penalty": 0.2},
]
BIASED = [
    {"logit_bias": {3: 5.0, 9: -100.0, 31: 0.25}},
    {"logit_bias": {3: -2.5, 0: 100.0}, "repetition_penalty": 1.2, "frequency_penalty": 0.3},
]
# mlx-lm's own order.
MLX_CHAINS = [
    {"xtc_threshold": 0.1}, {"xtc_threshold": 0.02}, {"xtc_threshold": 0.5},
    {"xtc_threshold": 0.0}, {"xtc_threshold": 0.05, "xtc_keeps": [0, 5, 11, 20, 29]},
    {"top_p": 0.9, "xtc_threshold": 0.1}, {"top_p": 0.7, "min_p": 0.1, "xtc_threshold": 0.15},
    {"xtc_threshold": 0.03, "top_k": 3}, {"top_p": 0.95, "xtc_threshold": 0.1, "top_k": 2},
]
# In the order in which their settings stand.
FREE_CHAINS = [
    {"typical_p": 0.2}, {"typical_p": 0.5}, {"typical_p": 0.9}, {"typical_p": 0.99},
    {"top_n_sigma": 0.5}, {"top_n_sigma": 1.0}, {"top_n_sigma": 2.0},
    {"top_k": 6, "top_p": 0.8}, {"top_p": 0.8, "top_k": 6}, {"top_k": 10, "typical_p": 0.5},
    {"top_n_sigma": 1.5, "top_k": 12, "typical_p": 0.8, "top_p": 0.7, "min_p": 0.1},
    {"min_p": 0.05, "typical_p": 0.6}, {"typical_p": 0.7, "xtc_threshold": 0.1},
    {"top_k": 8, "top_p": 0.9, "min_p": 0.02, "xtc_threshold": 0.12},
    {"temperature": 2.0, "top_p": 0.6}, {"temperature": 0.5, "min_p": 0.2},
    {"top_k": 9, "temperature": 3.0, "top_p": 0.5}, {"temperature": 1.7, "xtc_threshold": 0.05},
]
LONG_HISTORY = [int(z % VOCAB) for z in hash_weights.mixed("history", 30)]
HISTORIES = [[], [7], [3, 9, 3, 3, 31, 0, 9], LONG_HISTORY]
CONTEXT = 20  # how many of the last tokens a penalty looks at


def logits(name: str, spread: float) -> np.ndarray:
    return hash_weights.unit(name, VOCAB) * np.float32(spread)


def log_probabilities(values: np.ndarray) -> np.ndarray:
    values = values.astype(np.float64)
    return (values - np.log(np.exp(values).sum())).astype(np.float32)


def kept(logprobs: np.ndarray, settings: dict) -> list[int]:
    x = mx.array(logprobs)[None]
    if "top_p" in settings:
        x = sample_utils.apply_top_p(x, settings["top_p"])
    if "min_p" in settings:
        x = sample_utils.apply_min_p(x, settings["min_p"])
    if "top_k" in settings:
        x = sample_utils.apply_top_k(x, settings["top_k"])
    return [i for i, value in enumerate(x[0].tolist()) if value > -np.inf]


def penalised(values: np.ndarray, history: list[int], settings: dict) -> list[float]:
    x = mx.array(values)[None]
    for process in sample_utils.make_logits_processors(**settings):
        x = process(mx.array(history, dtype=mx.int32) if history else [], x)
    return [float(v) for v in x[0].tolist()]


def kept_by_mlx(logprobs: np.ndarray, settings: dict) -> list[int]:
    """make_sampler's chain up to the draw, with xtc certain to act."""
    x = mx.array(logprobs)[None]
    if "top_p" in settings:
        x = sample_utils.apply_top_p(x, settings["top_p"])
    if "min_p" in settings:
        x = sample_utils.apply_min_p(x, settings["min_p"])
    x = sample_utils.apply_xtc(x, 1.0, settings["xtc_threshold"], settings.get("xtc_keeps", []))
    if "top_k" in settings:
        x = sample_utils.apply_top_k(x, settings["top_k"])
    return [i for i, value in enumerate(x[0].tolist()) if value > -np.inf]


def step(name: str, value: float, logits: np.ndarray) -> np.ndarray:
    """One step of a chain on what the others left: removed tokens are -inf."""
    weights = np.exp(logits - logits.max())
    p = weights / weights.sum()
    ranked = np.argsort(-logits, kind="stable")
    if name == "temperature":
        return logits / value
    if name == "top_k":
        keep = ranked[:value]
    elif name == "top_p":
        before = np.cumsum(p[ranked]) - p[ranked]
        keep = ranked[before < value]
    elif name == "min_p":
        keep = np.flatnonzero(p >= value * p.max())
    elif name == "top_n_sigma":
        left = logits[np.isfinite(logits)]
        keep = np.flatnonzero(logits >= left.max() - value * left.std())
    elif name == "typical_p":
        surprise = np.where(p > 0, -np.log(np.where(p > 0, p, 1)), np.inf)
        entropy = (p[p > 0] * surprise[p > 0]).sum()
        order = np.argsort(np.abs(surprise - entropy), kind="stable")
        before = np.cumsum(p[order]) - p[order]
        keep = order[before < value]
    elif name == "xtc_threshold":
        above = p[p > value]
        keep = np.flatnonzero(p <= (above.min() if above.size else np.inf))
    out = np.full_like(logits, -np.inf)
    keep = [i for i in keep if np.isfinite(logits[i])]
    out[keep] = logits[keep]
    return out


def kept_by_steps(logprobs: np.ndarray, settings: dict) -> list[int]:
    x = logprobs.astype(np.float64)
    for name, value in settings.items():
        x = step(name, value, x)
    return [int(i) for i in np.flatnonzero(np.isfinite(x))]


def reported(values: np.ndarray, history: list[int], settings: dict) -> dict:
    changed = np.array(penalised(values, history, settings), dtype=np.float64)
    logprobs = changed - changed.max() - np.log(np.exp(changed - changed.max()).sum())
    best = np.argsort(-changed, kind="stable")
    return {"top": [int(i) for i in best], "logprobs": [float(v) for v in logprobs]}


def write(name: str, cases: list[dict]) -> None:
    rows = ",\n".join("  " + json.dumps(case) for case in cases)
    (OUT / name).write_text(f"[\n{rows}\n]\n")
    print(f"{name}: {len(cases)} cases")


def main() -> None:
    mx.disable_compile()
    OUT.mkdir(exist_ok=True)
    filters, chains, penalties, reports = [], [], [], []
    for spread in (1.0, 4.0, 12.0):
        logprobs = log_probabilities(logits(f"filter {spread}", spread))
        filters += [{"logprobs": [float(v) for v in logprobs], "settings": settings,
                     "kept": kept(logprobs, settings)} for settings in FILTERS]
        row = [float(v) for v in logprobs]
        chains += [{"logprobs": row, "settings": settings, "default_order": True,
                    "kept": kept_by_mlx(logprobs, settings)} for settings in MLX_CHAINS]
        chains += [{"logprobs": row, "settings": settings, "default_order": False,
                    "kept": kept_by_steps(logprobs, settings)} for settings in FREE_CHAINS]
    values = logits("penalty", 3.0)
    for history in HISTORIES:
        penalties += [{"logits": [float(v) for v in values], "tokens": history, "context": CONTEXT,
                       "settings": settings, "expected": penalised(values, history, settings)}
                      for settings in PENALTIES + BIASED]
        reports += [{"logits": [float(v) for v in values], "tokens": history, "context": CONTEXT,
                     "settings": settings, **reported(values, history, settings)}
                    for settings in BIASED]
    write("filters.json", filters)
    write("chains.json", chains)
    write("penalties.json", penalties)
    write("logprobs.json", reports)


if __name__ == "__main__":
    main()
