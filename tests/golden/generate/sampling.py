"""Makes the golden filters and penalties of sampling with mlx-lm.

    python tests/golden/generate/sampling.py      (needs mlx-lm 0.32, mlx on the CPU)

Writes tests/golden/sampling/filters.json (log-probabilities -> tokens that stay) and penalties.json
(logits and the tokens so far -> logits). Filters apply in the order top_p, min_p, top_k, to
untempered log-probabilities, without renormalising in between.
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


def write(name: str, cases: list[dict]) -> None:
    rows = ",\n".join("  " + json.dumps(case) for case in cases)
    (OUT / name).write_text(f"[\n{rows}\n]\n")
    print(f"{name}: {len(cases)} cases")


def main() -> None:
    mx.disable_compile()
    OUT.mkdir(exist_ok=True)
    filters, penalties = [], []
    for spread in (1.0, 4.0, 12.0):
        logprobs = log_probabilities(logits(f"filter {spread}", spread))
        filters += [{"logprobs": [float(v) for v in logprobs], "settings": settings,
                     "kept": kept(logprobs, settings)} for settings in FILTERS]
    values = logits("penalty", 3.0)
    for history in HISTORIES:
        penalties += [{"logits": [float(v) for v in values], "tokens": history, "context": CONTEXT,
                       "settings": settings, "expected": penalised(values, history, settings)}
                      for settings in PENALTIES]
    write("filters.json", filters)
    write("penalties.json", penalties)


if __name__ == "__main__":
    main()
