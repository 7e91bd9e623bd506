"""Muon for the matrices of the layers, AdamW for the embedding and the norms.

Every process holds the whole model but works out only its share of the matrices; the changes are
then summed.
"""

import torch
import torch.distributed as dist
from torch import Tensor

_A, _B, _C = 3.4445, -4.7750, 2.0315  # quintic Newton-Schulz, coefficients of Keller Jordan's Muon


def orthogonal(g: Tensor, rounds: int = 5) -> Tensor:
    """The nearest matrix with singular values of about one, for a stack [n, rows, columns]."""
    x = g.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(rounds):
        a = x @ x.mT
        x = _A * x + (_B * a + _C * a @ a) @ x
    return (x.mT if tall else x).float()


class Optimiser:
    def __init__(self, model: torch.nn.Module, rank: int, world: int):
        named = list(model.named_parameters())
        self.world = world
        self.parameters = [p for _, p in named]
        matrices = [p for n, p in named if p.ndim == 2 and "embed" not in n]
        self.rest = [p for n, p in named if p.ndim != 2 or "embed" in n]
        self.mine = [p for i, p in enumerate(matrices) if i % world == rank]
        self.momentum = {p: torch.zeros_like(p) for p in matrices}
        self.adam = torch.optim.AdamW(self.rest, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.0)

    def _sum_over_processes(self, tensors: list[Tensor]) -> None:
        if self.world == 1:
            return
        flat = torch.cat([t.flatten() for t in tensors])
        dist.all_reduce(flat)
        for tensor, piece in zip(tensors, flat.split([t.numel() for t in tensors])):
            tensor.copy_(piece.view_as(tensor))

    @torch.no_grad()
    def step(self, muon_rate: float, adam_rate: float) -> None:
        """Gradients of the processes are summed here; the loss is already divided by all learned
        tokens.
        """
        self._sum_over_processes([p.grad for p in self.parameters])
        torch.nn.utils.clip_grad_norm_(self.rest, 1.0)
        changes = {p: torch.zeros_like(p) for p in self.momentum}
        by_shape: dict[tuple, list] = {}
        for p in self.mine:
            self.momentum[p].lerp_(p.grad, 0.05)
            by_shape.setdefault(tuple(p.shape), []).append(p)
        for (rows, columns), group in by_shape.items():
            looked_ahead = torch.stack([p.grad.lerp(self.momentum[p], 0.95) for p in group])
            for p, update in zip(group, orthogonal(looked_ahead)):
                changes[p] = update * (muon_rate * max(1.0, rows / columns) ** 0.5)
        self._sum_over_processes(list(changes.values()))
        for p, change in changes.items():
            p.sub_(change)
        for group in self.adam.param_groups:
            group["lr"] = adam_rate
        self.adam.step()

    def zero_grad(self) -> None:
        for p in self.parameters:
            p.grad = None

    def state(self) -> dict:
        return {
            "momentum": [m.clone() for m in self.momentum.values()],
            "adam": self.adam.state_dict(),
        }

    def load(self, state: dict) -> None:
        for mine, saved in zip(self.momentum.values(), state["momentum"]):
            mine.copy_(saved)
        self.adam.load_state_dict(state["adam"])
