"""The shapes of generated models: small enough to make in seconds, or as a real model has them."""

import dataclasses

BYTES = 256  # the first ids are single bytes, so that any text has tokens
END = 256  # the end token; it and the bytes have zero weights in the head, so nobody draws them


@dataclasses.dataclass(frozen=True)
class Experts:
    """Many small feed-forward layers, of which each token uses a few."""

    count: int
    used: int
    width: int


@dataclasses.dataclass(frozen=True)
class Shape:
    """A Llama of this shape, or a Qwen3 (its heads are normed; with experts it is a Qwen3-MoE).
    Widths are multiples of 64, which every format below divides; those of Q4_K_M of 256."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_width: int
    vocabulary: int
    tied: bool = False
    context: int = 40960
    rms_epsilon: float = 1e-5
    rope_base: float = 500000.0
    qwen3: bool = False
    experts: Experts | None = None

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """MLX's names, in the order of the computation."""
        found = {"model.embed_tokens.weight": (self.vocabulary, self.width)}
        for layer in range(self.layers):
            parts = self.attention() | (self.routed() if self.experts else self.plain())
            found |= {f"model.layers.{layer}.{name}.weight": size for name, size in parts.items()}
        found["model.norm.weight"] = (self.width,)
        if not self.tied:
            found["lm_head.weight"] = (self.vocabulary, self.width)
        return found

    def attention(self) -> dict[str, tuple[int, ...]]:
        query, pair = self.heads * self.head_width, self.kv_heads * self.head_width
        norms = {"self_attn.q_norm": (self.head_width,), "self_attn.k_norm": (self.head_width,)}
        return {"input_layernorm": (self.width,), "self_attn.q_proj": (query, self.width),
                "self_attn.k_proj": (pair, self.width), "self_attn.v_proj": (pair, self.width),
                **(norms if self.qwen3 else {}), "self_attn.o_proj": (self.width, query),
                "post_attention_layernorm": (self.width,)}

    def plain(self) -> dict[str, tuple[int, ...]]:
        up = (self.feed_forward, self.width)
        return {"mlp.gate_proj": up, "mlp.up_proj": up, "mlp.down_proj": up[::-1]}

    def routed(self) -> dict[str, tuple[int, ...]]:
        count, inner = self.experts.count, self.experts.width
        up = (count, inner, self.width)
        return {"mlp.gate": (count, self.width), "mlp.switch_mlp.gate_proj": up,
                "mlp.switch_mlp.up_proj": up,
                "mlp.switch_mlp.down_proj": (count, self.width, inner)}


def is_router(name: str) -> bool:
    """The small matrix that chooses experts: nobody packs it in so few bits."""
    return name.endswith("mlp.gate.weight")


SHAPES = {
    # Two layers that cost next to nothing: what remains is the server.
    "toy": Shape(layers=2, width=64, feed_forward=128, heads=2, kv_heads=1, head_width=32,
                 vocabulary=2048),
    # 29 million parameters: long prompts take seconds on any CPU, not minutes.
    "small": Shape(layers=8, width=512, feed_forward=1536, heads=8, kv_heads=4, head_width=64,
                   vocabulary=8192),
    "llama-3.2-1b": Shape(layers=16, width=2048, feed_forward=8192, heads=32, kv_heads=8,
                          head_width=64, vocabulary=128256, tied=True),
    "qwen3-0.6b": Shape(layers=28, width=1024, feed_forward=3072, heads=16, kv_heads=8,
                        head_width=128, vocabulary=151936, tied=True, rms_epsilon=1e-6,
                        rope_base=1e6, qwen3=True),
    "qwen3-4b": Shape(layers=36, width=2560, feed_forward=9728, heads=32, kv_heads=8,
                      head_width=128, vocabulary=151936, tied=True, rms_epsilon=1e-6,
                      rope_base=1e6, qwen3=True),
    # 560 million parameters, of which a token uses 300.
    "small-moe": Shape(layers=12, width=1024, feed_forward=3072, heads=16, kv_heads=8,
                       head_width=128, vocabulary=32768, tied=True, rms_epsilon=1e-6,
                       rope_base=1e6, qwen3=True, experts=Experts(count=8, used=2, width=1536)),
}


def token_texts(vocabulary: int) -> list[str]:
    """Bytes as GPT-2 writes them, the end token, then texts of six characters that say their id."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    shifted = iter(range(0x100, 0x200))
    texts = [chr(byte) if byte in plain else chr(next(shifted)) for byte in range(BYTES)]
    return [*texts, "<|end|>", *(f"t{number:05x}" for number in range(END + 1, vocabulary))]
