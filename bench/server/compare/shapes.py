"""The shapes of generated models: small enough to make in seconds, or as a real model has them."""

import dataclasses

BYTES = 256  # the first ids are single bytes, so that any text has tokens
END = 256  # the end token; it and the bytes have zero weights in the head, so nobody draws them


@dataclasses.dataclass(frozen=True)
class Shape:
    """A Llama of this shape. Widths are multiples of 64, which every format below divides."""

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

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Hugging Face's names, in the order of the computation."""
        query, pair = self.heads * self.head_width, self.kv_heads * self.head_width
        found = {"model.embed_tokens.weight": (self.vocabulary, self.width)}
        for layer in range(self.layers):
            found |= {f"model.layers.{layer}.{name}": shape for name, shape in {
                "input_layernorm.weight": (self.width,),
                "self_attn.q_proj.weight": (query, self.width),
                "self_attn.k_proj.weight": (pair, self.width),
                "self_attn.v_proj.weight": (pair, self.width),
                "self_attn.o_proj.weight": (self.width, query),
                "post_attention_layernorm.weight": (self.width,),
                "mlp.gate_proj.weight": (self.feed_forward, self.width),
                "mlp.up_proj.weight": (self.feed_forward, self.width),
                "mlp.down_proj.weight": (self.width, self.feed_forward),
            }.items()}
        found["model.norm.weight"] = (self.width,)
        if not self.tied:
            found["lm_head.weight"] = (self.vocabulary, self.width)
        return found


SHAPES = {
    # Two layers that cost next to nothing: what remains is the server.
    "toy": Shape(layers=2, width=64, feed_forward=128, heads=2, kv_heads=1, head_width=32,
                 vocabulary=2048),
    # 29 million parameters: long prompts take seconds on any CPU, not minutes.
    "small": Shape(layers=8, width=512, feed_forward=1536, heads=8, kv_heads=4, head_width=64,
                   vocabulary=8192),
    # The shape of Llama 3.2 1B.
    "1b": Shape(layers=16, width=2048, feed_forward=8192, heads=32, kv_heads=8, head_width=64,
                vocabulary=128256, tied=True),
}


def token_texts(vocabulary: int) -> list[str]:
    """Bytes as GPT-2 writes them, the end token, then texts of six characters that say their id."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    shifted = iter(range(0x100, 0x200))
    texts = [chr(byte) if byte in plain else chr(next(shifted)) for byte in range(BYTES)]
    return [*texts, "<|end|>", *(f"t{number:05x}" for number in range(END + 1, vocabulary))]
