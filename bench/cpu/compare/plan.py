"""Which figures are measured, with how many tokens, and what they should reach."""

import dataclasses

from ratios import Figure

STEPS = ("start", "single", "depth", "busy", "together")  # a process of its own each, per arm


@dataclasses.dataclass(frozen=True)
class Size:
    """How much of everything."""

    prompts: tuple[int, ...]
    depth: int  # tokens before those that one stream decodes
    tokens: int  # decoded by one stream
    streams: tuple[int, ...]
    stream_prompt: int
    stream_tokens: int  # decoded by each of several
    repeats: int


FULL = Size(prompts=(512, 2048), depth=2048, tokens=64, streams=(2, 4, 8, 16, 32),
            stream_prompt=128, stream_tokens=32, repeats=2)
QUICK = Size(prompts=(512,), depth=2048, tokens=32, streams=(8, 32), stream_prompt=128,
             stream_tokens=16, repeats=1)

BUSY, BUSY_FEWER = "decode, one core busy", "decode, one core busy, rival with a thread fewer"


def prefill(tokens: int) -> str:
    return f"prefill {tokens}"


def decode(depth: int) -> str:
    return f"decode, depth {depth}"


def together(streams: int) -> str:
    return f"decode, {streams} streams"


FIGURES = (
    Figure("tokens", "prefill", ("rate",), "/s", True),
    Figure("first token", "prefill 512", ("ms",), "ms"),
    Figure("tokens", "decode", ("rate",), "/s", True),
    Figure("memory at most", "memory", ("peak_mib",), "MiB"),
    Figure("of it anonymous", "memory", ("anonymous_mib",), "MiB"),
    Figure("of it mapped", "memory", ("mapped_mib",), "MiB"),
    Figure("start to first token, process included", "ready", ("s",), "s"),
)


def goal(workload: str, figure: Figure, amx: bool) -> float | None:
    """How many times better than the best rival this line should be."""
    if figure.title.startswith("of it"):
        return None
    if workload.startswith("prefill"):
        return 1.5 if amx else 1.1
    goals = {decode(0): 1.0, decode(2048): 1.15, together(8): 1.3,
             together(32): 2.0 if amx else 1.5, BUSY: 3.0, "memory": 1 / 0.6, "ready": 1.0}
    return goals.get(workload)
