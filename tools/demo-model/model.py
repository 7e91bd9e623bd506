"""The model: Qwen3's decoder in plain PyTorch, with a cache for generating answers."""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 2048
    hidden: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    head_width: int = 64
    feed_forward: int = 768
    rope_theta: float = 10000.0
    eps: float = 1e-6

    def as_dict(self) -> dict:
        return asdict(self)


class RmsNorm(nn.Module):
    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), self.weight.shape, self.weight, self.eps).to(x.dtype)


def rope_table(shape: Shape, length: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine, [length, head_width]; the two halves of a head turn together."""
    frequency = shape.rope_theta ** (
        -torch.arange(0, shape.head_width, 2).float() / shape.head_width
    )
    angle = torch.outer(torch.arange(length).float(), frequency)
    angle = torch.cat([angle, angle], dim=-1)
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    left, right = x.chunk(2, dim=-1)
    return (x * cos + torch.cat([-right, left], dim=-1) * sin).to(x.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """mask [B, 1, L, S]: bool (true = seen), or for training a bias to add to the scores.

    Two plain products are twice as fast as the fused kernel on a CPU, whose backward pass is slow.
    """
    if mask.dtype == torch.bool:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    batch, heads, length, width = q.shape
    bias = mask.expand(batch, heads, length, k.shape[2]).reshape(batch * heads, length, k.shape[2])
    scores = torch.baddbmm(bias.to(q.dtype), q.flatten(0, 1), k.flatten(0, 1).mT, alpha=width**-0.5)
    return torch.bmm(torch.softmax(scores, -1).to(v.dtype), v.flatten(0, 1)).view(q.shape)


class Cache:
    """Keys and values of one layer, with room for a known number of positions."""

    def __init__(self, s: Shape, rows: int, room: int):
        self.k = torch.empty(rows, s.kv_heads, room, s.head_width)
        self.v = torch.empty_like(self.k)
        self.length = 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        end = self.length + k.shape[2]
        self.k[:, :, self.length : end], self.v[:, :, self.length : end] = k, v
        self.length = end
        return self.k[:, :, :end], self.v[:, :, :end]

    def keep(self, rows: Tensor) -> None:
        self.k, self.v = self.k[rows], self.v[rows]


class Attention(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.s = s
        self.q_proj = nn.Linear(s.hidden, s.heads * s.head_width, bias=False)
        self.k_proj = nn.Linear(s.hidden, s.kv_heads * s.head_width, bias=False)
        self.v_proj = nn.Linear(s.hidden, s.kv_heads * s.head_width, bias=False)
        self.o_proj = nn.Linear(s.heads * s.head_width, s.hidden, bias=False)
        self.q_norm = RmsNorm(s.head_width, s.eps)
        self.k_norm = RmsNorm(s.head_width, s.eps)

    def forward(
        self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Tensor, cache: Cache | None
    ) -> Tensor:
        batch, length, _ = x.shape
        split = (batch, length, -1, self.s.head_width)
        q = rotate(self.q_norm(self.q_proj(x).view(split)).transpose(1, 2), *rope)  # [B, H, L, Dh]
        k = rotate(self.k_norm(self.k_proj(x).view(split)).transpose(1, 2), *rope)
        v = self.v_proj(x).view(split).transpose(1, 2)
        if cache is not None:
            k, v = cache.append(k, v)
        repeat = self.s.heads // self.s.kv_heads
        if length == 1:  # the query heads of one key head stand where positions would: no copies
            out = attend(q.view(batch, -1, repeat, self.s.head_width), k, v, mask).view(q.shape)
        else:
            k, v = k.repeat_interleave(repeat, dim=1), v.repeat_interleave(repeat, dim=1)
            out = attend(q, k, v, mask)
        return self.o_proj(out.transpose(1, 2).reshape(batch, length, -1))


class FeedForward(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.gate_proj = nn.Linear(s.hidden, s.feed_forward, bias=False)
        self.up_proj = nn.Linear(s.hidden, s.feed_forward, bias=False)
        self.down_proj = nn.Linear(s.feed_forward, s.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.input_layernorm = RmsNorm(s.hidden, s.eps)
        self.self_attn = Attention(s)
        self.post_attention_layernorm = RmsNorm(s.hidden, s.eps)
        self.mlp = FeedForward(s)

    def forward(
        self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Tensor, cache: Cache | None = None
    ) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), rope, mask, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    """Names of the parameters are those of the checkpoint, less the leading `model.`."""

    def __init__(self, s: Shape):
        super().__init__()
        self.s = s
        self.embed_tokens = nn.Embedding(s.vocabulary, s.hidden)
        self.layers = nn.ModuleList(Layer(s) for _ in range(s.layers))
        self.norm = RmsNorm(s.hidden, s.eps)
        self._reset()

    def _reset(self) -> None:
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.02 if "embed" in name else weight.shape[1] ** -0.5)
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.zeros_(weight)  # every layer begins as the identity

    def forward(
        self,
        ids: Tensor,
        rope: tuple[Tensor, Tensor],
        mask: Tensor,
        caches: list[Cache] | None = None,
    ) -> Tensor:
        """ids [B, L], mask bool [B, 1, L, S] -> hidden [B, L, D] after the last norm."""
        x = self.embed_tokens(ids)
        for i, layer in enumerate(self.layers):
            x = layer(x, rope, mask, caches[i] if caches is not None else None)
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embed_tokens.weight)
