"""How far apart are two sets of next-token distributions?"""

import dataclasses
import pathlib

import numpy as np

CLEAR_MARGIN = 0.05  # between the two likeliest tokens, in probability
ROWS = 512  # looked at together


@dataclasses.dataclass(frozen=True)
class Distributions:
    """Natural logarithms of probabilities, [N, V], and the tokens that came, [N]."""

    logs: np.ndarray
    tokens: np.ndarray


def read(path: pathlib.Path, vocabulary: int) -> Distributions:
    tokens = np.fromfile(f"{path}.tokens", np.int32)
    logs = np.memmap(path, np.float32, "r", shape=(len(tokens), vocabulary))
    return Distributions(logs, tokens)


def margins(probabilities: np.ndarray) -> np.ndarray:
    top = np.partition(probabilities, -2, axis=-1)
    return top[:, -1] - top[:, -2]


def share(true: np.ndarray) -> float:
    return float(true.mean()) if len(true) else 1.0


def perplexity(found: Distributions) -> float:
    taken = found.logs[np.arange(len(found.tokens)), found.tokens].astype(np.float64)
    return float(np.exp(-taken.mean()))


def compare(reference: Distributions, other: Distributions) -> dict[str, float]:
    """Kullback-Leibler divergence of `other` from the reference in nats, agreement of the likeliest
    tokens, and perplexities."""
    divergence, agrees, clear = [], [], []
    for first in range(0, len(reference.tokens), ROWS):
        expected = reference.logs[first:first + ROWS].astype(np.float64)
        found = other.logs[first:first + ROWS].astype(np.float64)
        probabilities = np.exp(expected)
        divergence.append((probabilities * (expected - found)).sum(-1))
        agrees.append(expected.argmax(-1) == found.argmax(-1))
        clear.append(margins(probabilities) > CLEAR_MARGIN)
    kl, same, sure = (np.concatenate(parts) for parts in (divergence, agrees, clear))
    before, after = perplexity(reference), perplexity(other)
    return {"tokens": len(kl), "kl_mean": float(kl.mean()), "kl_p99": float(np.quantile(kl, 0.99)),
            "kl_max": float(kl.max()), "agreement": share(same), "clear": int(sure.sum()),
            "clear_agreement": share(same[sure]), "perplexity": after,
            "reference_perplexity": before, "perplexity_change": after / before - 1}
