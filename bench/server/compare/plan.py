"""Which workloads run, in which groups: a group is what one start of a server goes through."""

import dataclasses

from arms import Capacity
from ratios import Figure


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    arguments: tuple[str, ...]  # of hearth-load


@dataclasses.dataclass(frozen=True)
class Group:
    name: str
    shape: str  # of the model
    capacity: Capacity
    workloads: tuple[Workload, ...]


def flags(**values: object) -> tuple[str, ...]:
    return tuple(word for name, value in values.items()
                 for word in (f"--{name.replace('_', '-')}", str(value)))


def closed(name: str, concurrency: int, prompt: int, output: int, seconds: float,
           whole: bool = False) -> Workload:
    words = ("closed", *flags(concurrency=concurrency, requests=100000, seconds=seconds,
                              input=prompt, output=output), *(("--whole",) if whole else ()))
    return Workload(name, words)


def cost(quick: bool) -> Group:
    """A model that costs next to nothing: what remains is the server."""
    seconds = 1.0 if quick else 5.0
    loads = [closed("warm up", 4, 8, 32, 0.5)]
    for clients in (1, 8, 32):
        loads.append(closed(f"cost 1 token, c={clients}", clients, 8, 1, seconds, whole=True))
        for whole in (False, True):
            kind = "whole" if whole else "stream"
            loads.append(closed(f"cost 64 tokens {kind}, c={clients}", clients, 8, 64, seconds,
                                whole))
    return Group("server cost", "toy", Capacity(32, 256), tuple(loads))


def chat(quick: bool, shape: str) -> Group:
    clients = (1, 8, 32) if quick else (1, 4, 8, 16, 32)
    output, seconds = (32, 2.0) if quick else (128, 20.0)
    loads = [closed("warm up", 2, 16, 8, 0.5)]
    loads += [closed(f"chat 128 + {output}, c={count}", count, 128, output, seconds)
              for count in clients]
    return Group("chat", shape, Capacity(32, 512), tuple(loads))


def open_loop(quick: bool, shape: str, requests_per_second: float) -> Group:
    """The same offered load for every arm: shares of what our arm completes in a closed loop."""
    output = 32 if quick else 128
    loads = [closed("warm up", 2, 16, 8, 0.5)]
    for share in ((80,) if quick else (50, 80, 110)):
        rate = requests_per_second * share / 100
        count = max(8, round(rate * (4 if quick else 30)))
        loads.append(Workload(f"open loop, {share} %", (
            "open", *flags(rate=f"{rate:.4f}", requests=count, input=128, output=output))))
    return Group("open loop", shape, Capacity(32, 512), tuple(loads))


def deep(quick: bool, shape: str) -> Group:
    loads = [closed("warm up", 2, 16, 8, 0.5)]
    for prompt in (2048,) if quick else (2048, 8192, 32768):
        loads.append(closed(f"long prompt {prompt} + 64", 1, prompt, 64, 0 if quick else 10))
    for shared in (2048,) if quick else (2048, 16384):
        loads.append(Workload(f"prefix {shared} + 16", (
            "prefix", *flags(shared=shared, suffix=16, rounds=1 if quick else 3, together=4))))
    loads.append(Workload("agent", ("agent", *flags(turns=10 if quick else 20))))
    for prompt in (2048,) if quick else (2048, 8192):
        loads.append(Workload(f"admission {prompt}", ("admission", *flags(
            streams=3, newcomer=prompt, output=4000))))
    return Group("long prompts", shape, Capacity(4, 12288 if quick else 36864), tuple(loads))


FIGURES = (
    Figure("requests", "cost 1 token", ("request_throughput",), "/s", True),
    Figure("time per token", "cost 64", ("us_per_token",), "us"),
    Figure("CPU per token", "cost 64", ("cpu_us_per_token",), "us"),
    Figure("streaming adds to the time of a token", "cost 64 tokens stream", ("stream_adds_us",),
           "us"),
    Figure("streaming adds to the CPU of a token", "cost 64 tokens stream",
           ("stream_adds_cpu_us",), "us"),
    Figure("serving CPU per token", "cost 64 tokens stream", ("serving_cpu_us_per_token",), "us"),
    Figure("tokens", "chat", ("output_throughput",), "/s", True),
    Figure("first token p50", "chat", ("p50_ttft_ms",), "ms"),
    Figure("first token p95", "chat", ("p95_ttft_ms",), "ms"),
    Figure("gap p50", "chat", ("p50_itl_ms",), "ms"),
    Figure("gap p95", "chat", ("p95_itl_ms",), "ms"),
    Figure("gap max", "chat", ("longest_gap_ms",), "ms"),
    Figure("good requests", "open loop", ("request_goodput",), "/s", True),
    Figure("first token p95", "open loop", ("p95_ttft_ms",), "ms"),
    Figure("first token", "long prompt", ("median_ttft_ms",), "ms"),
    Figure("time per token at that depth", "long prompt", ("median_tpot_ms",), "ms"),
    Figure("cold first token", "prefix", ("cold", "median_ttft_ms"), "ms"),
    Figure("hit first token", "prefix", ("hit", "median_ttft_ms"), "ms"),
    Figure("hits at once, first token p95", "prefix", ("together", "p95_ttft_ms"), "ms"),
    Figure("sum of first tokens", "agent", ("sum_ttft_ms",), "ms"),
    Figure("first token p95", "agent", ("p95_ttft_ms",), "ms"),
    Figure("cached share", "agent", ("cached_share",), "", True),
    Figure("longest gap of the others", "admission", ("longest_gap_ms",), "ms"),
    Figure("gap p95 of the others", "admission", ("p95_itl_in_ms",), "ms"),
    Figure("newcomer's first token", "admission", ("newcomer_ttft_ms",), "ms"),
)
