"""Greedy answers to many prompts at once, for the evaluation."""

import torch
from torch import Tensor

from model import Cache, Decoder, rope_table

_ROWS = 96


class _Batch:
    """Rows padded on the left; rotary positions are relative, so a shifted row is the same row."""

    def __init__(self, model: Decoder, prompts: list[list[int]], limit: int):
        self.model, self.at = model, max(map(len, prompts))
        self.cos, self.sin = rope_table(model.s, self.at + limit)
        self.caches = [Cache(model.s, len(prompts), self.at + limit) for _ in range(model.s.layers)]
        self.seen = torch.zeros(len(prompts), self.at + limit, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            self.seen[row, self.at - len(prompt) :] = True
        self.rows = list(range(len(prompts)))  # which prompts are still being answered

    def prefill(self, prompts: list[list[int]]) -> Tensor:
        width = self.at
        ids = torch.tensor([[0] * (width - len(p)) + p for p in prompts])
        mask = self.seen[:, None, None, :width] & torch.ones(width, width, dtype=torch.bool).tril()
        mask = mask | torch.eye(width, dtype=torch.bool)  # a padded position must see something
        hidden = self.model(ids, (self.cos[:width], self.sin[:width]), mask, self.caches)
        return self.model.logits(hidden[:, -1]).argmax(-1)

    def step(self, chosen: Tensor) -> Tensor:
        rope = (self.cos[self.at : self.at + 1], self.sin[self.at : self.at + 1])
        self.at += 1
        mask = self.seen[:, None, None, : self.at]
        hidden = self.model(chosen[:, None], rope, mask, self.caches)
        return self.model.logits(hidden[:, -1]).argmax(-1)

    def keep(self, running: list[int]) -> None:
        """Goes on with these rows only."""
        rows = torch.tensor(running)
        self.rows = [self.rows[i] for i in running]
        self.seen = self.seen[rows]
        for cache in self.caches:
            cache.keep(rows)


@torch.inference_mode()
def _answer_rows(
    model: Decoder, prompts: list[list[int]], stops: set[int], limit: int
) -> list[list[int]]:
    batch = _Batch(model, prompts, limit)
    answers: list[list[int]] = [[] for _ in prompts]
    chosen = batch.prefill(prompts)
    for _ in range(limit):
        for row, token in zip(batch.rows, chosen.tolist()):
            if not answers[row] or answers[row][-1] not in stops:
                answers[row].append(token)
        running = [i for i, row in enumerate(batch.rows) if answers[row][-1] not in stops]
        if not running or len(answers[batch.rows[running[0]]]) == limit:
            break
        if len(running) <= 0.7 * len(batch.rows):
            batch.keep(running)
            chosen = chosen[torch.tensor(running)]
        chosen = batch.step(chosen)
    return answers


def answer(
    model: Decoder, prompts: list[list[int]], stops: set[int], limit: int = 240
) -> list[list[int]]:
    """Ids of the answers, in the order of the prompts; the last one is a stop if there was one."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    found: list[list[int]] = [[] for _ in prompts]
    for first in range(0, len(order), _ROWS):
        some = order[first : first + _ROWS]
        for i, ids in zip(some, _answer_rows(model, [prompts[i] for i in some], stops, limit)):
            found[i] = ids
    return found
