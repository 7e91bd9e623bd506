"""Greedy answers to many prompts at once, for the evaluation."""

import torch

from model import Decoder, rope_table

_ROWS = 64


@torch.inference_mode()
def _answer_rows(
    model: Decoder, prompts: list[list[int]], stops: set[int], limit: int
) -> list[list[int]]:
    """Rows are padded on the left; rotary positions are relative, so a shifted row is the same
    row.
    """
    width = max(map(len, prompts))
    cos, sin = rope_table(model.s, width + limit)
    ids = torch.tensor([[0] * (width - len(p)) + p for p in prompts])
    seen = torch.tensor([[False] * (width - len(p)) + [True] * len(p) for p in prompts])
    mask = seen[:, None, None, :] & torch.ones(width, width, dtype=torch.bool).tril()
    mask = mask | torch.eye(width, dtype=torch.bool)  # a padded row must see something
    caches: list[list] = [[] for _ in range(model.s.layers)]
    hidden = model(ids, (cos[:width], sin[:width]), mask, caches)[:, -1]
    answers, running = [[] for _ in prompts], set(range(len(prompts)))
    for at in range(width, width + limit):
        chosen = model.logits(hidden).argmax(-1)
        for row in list(running):
            answers[row].append(int(chosen[row]))
            if answers[row][-1] in stops:
                running.discard(row)
        if not running:
            break
        seen = torch.cat([seen, torch.ones(len(prompts), 1, dtype=torch.bool)], dim=1)
        hidden = model(
            chosen[:, None], (cos[at : at + 1], sin[at : at + 1]), seen[:, None, None, :], caches
        )[:, -1]
    return answers


def answer(
    model: Decoder, prompts: list[list[int]], stops: set[int], limit: int = 240
) -> list[list[int]]:
    """The answers' ids, in the order of the prompts; the stopping id is the last where the model
    stopped.
    """
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    found: list[list[int]] = [[] for _ in prompts]
    for first in range(0, len(order), _ROWS):
        some = order[first : first + _ROWS]
        for i, ids in zip(some, _answer_rows(model, [prompts[i] for i in some], stops, limit)):
            found[i] = ids
    return found
