"""Packs conversations into rows of fixed length; a token sees only its own conversation."""

import torch
from torch import Tensor

from chat_form import ChatForm
from text.compose import dialogue
from text.source import Source

# Rows and their length: most steps are short, every sixth has long conversations in long rows.
SHORT, LONG, LONG_EVERY = (12, 384), (4, 1152), 6
_WAITING = 24  # conversations to choose from when a row has little room left


class Packer:
    def __init__(self, form: ChatForm, seed: str):
        self.form = form
        self.seed = seed

    def _row(
        self, source: Source, length: int, waiting: list, long: bool
    ) -> tuple[list, list, list]:
        ids, learned, owner = [], [], []
        number = 0
        while True:
            while len(waiting) < _WAITING:
                found = dialogue(source, long)
                sample = self.form.learned(found.messages, found.tools)
                if len(sample[0]) <= length:
                    waiting.append(sample)
            room = length - len(ids)
            fits = next((i for i, sample in enumerate(waiting) if len(sample[0]) <= room), None)
            if fits is None:
                break
            some_ids, some_learned = waiting.pop(fits)
            number += 1
            ids += some_ids
            learned += some_learned
            owner += [number] * len(some_ids)
        return ids + [0] * room, learned + [False] * room, owner + [0] * room

    def batch(self, step: int, rank: int, world: int) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs [B, L], targets [B, L] (-100: not learned), bias [B, 1, L, L]; depends on
        nothing but step and rank.
        """
        long = step % LONG_EVERY == LONG_EVERY - 1
        rows, length = LONG if long else SHORT
        source, waiting = Source(f"{self.seed}/{step}/{rank}"), []
        packed = [self._row(source, length, waiting, long) for _ in range(rows // world)]
        ids, learned, owner = (torch.tensor([row[i] for row in packed]) for i in range(3))
        targets = torch.where(learned, ids, -100)
        targets = torch.cat([targets[:, 1:], torch.full((len(packed), 1), -100)], dim=1)
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        seen = (owner[:, None, :, None] == owner[:, None, None, :]) & causal
        return ids, targets, torch.where(seen, 0.0, -1e4).bfloat16()
