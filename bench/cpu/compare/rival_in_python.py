"""What the comparison needs of llama-bench, llama-batched-bench and llama-quantize, done by the
low-level functions of the package llama-cpp-python: for who has that and not the programs.

Run by the interpreter that has the package; takes the programs' options and prints what they print.
"""

import argparse
import ctypes
import json
import random
import sys
import time
from collections.abc import Iterable

import llama_cpp as api

BATCH = 2048  # tokens that one call takes at most, as in the programs
FUSED = {"auto": -1, "off": 0, "on": 1}


class Stream:
    """Random tokens, since nobody reads the answer."""

    def __init__(self, vocabulary: int):
        self.random, self.vocabulary = random.Random(1), vocabulary

    def take(self, count: int) -> list[int]:
        return self.random.choices(range(self.vocabulary), k=count)


class Model:
    def __init__(self, path: str):
        api.llama_backend_init()
        settings = api.llama_model_default_params()
        settings.n_gpu_layers = 0
        self.model = api.llama_model_load_from_file(path.encode(), settings)
        if not self.model:
            sys.exit(f"{path}: the rival cannot load it")
        vocabulary = api.llama_model_get_vocab(self.model)
        self.stream = Stream(api.llama_vocab_n_tokens(vocabulary))

    def context(self, room: int, threads: int, sequences: int = 1, fused: str = "auto"):
        settings = api.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_seq_max = room, BATCH, sequences
        settings.n_threads = settings.n_threads_batch = threads
        settings.flash_attn_type = FUSED[fused]
        made = api.llama_init_from_model(self.model, settings)
        if not made:
            sys.exit(f"the rival has no room for a context of {room} tokens")
        return made


def run(context, batch) -> None:
    fault = api.llama_decode(context, batch)
    if fault != 0:
        sys.exit(f"llama_decode failed: {fault}")
    api.llama_synchronize(context)


def read_tokens(context, tokens: list[int]) -> None:
    """Appends them to the only sequence; logits of the last one."""
    for first in range(0, len(tokens), BATCH):
        part = tokens[first:first + BATCH]
        held = (ctypes.c_int32 * len(part))(*part)  # the batch only points to them
        run(context, api.llama_batch_get_one(held, len(part)))


def write_tokens(context, stream: Stream, count: int) -> None:
    for _ in range(count):
        read_tokens(context, stream.take(1))


def fill(batch, tokens: Iterable[tuple[int, int, int, bool]]) -> None:
    """With (token, position, sequence, are its logits wanted)."""
    count = 0
    for token, position, sequence, wanted in tokens:
        batch.token[count], batch.pos[count] = token, position
        batch.n_seq_id[count], batch.seq_id[count][0] = 1, sequence
        batch.logits[count] = wanted
        count += 1
    batch.n_tokens = count


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def samples_of(model: Model, chosen: argparse.Namespace, threads: int, prompt: int,
               written: int) -> list[int]:
    """Nanoseconds of every repeat."""
    context = model.context(chosen.d + prompt + written, threads, fused=chosen.fa)
    memory = api.llama_get_memory(context)
    found = []
    for turn in range(chosen.r + (not chosen.no_warmup)):
        warming = turn == 0 and not chosen.no_warmup
        api.llama_memory_clear(memory, True)
        if chosen.d and not warming:
            read_tokens(context, model.stream.take(chosen.d))
        tokens = model.stream.take(prompt)
        began = time.perf_counter_ns()
        if prompt:
            read_tokens(context, tokens)
        write_tokens(context, model.stream, min(written, 1) if warming else written)
        if not warming:
            found.append(time.perf_counter_ns() - began)
    api.llama_free(context)
    return found


def bench(chosen: argparse.Namespace) -> None:
    """Prompts and answers one after another, each with every number of threads."""
    model, tests = Model(chosen.model), []
    for threads in numbers(chosen.t):
        sizes = [(prompt, 0) for prompt in numbers(chosen.p)]
        for prompt, written in [*sizes, (0, chosen.n)]:
            if prompt or written:
                tests.append({"n_prompt": prompt, "n_gen": written, "n_depth": chosen.d,
                              "n_threads": threads,
                              "samples_ns": samples_of(model, chosen, threads, prompt, written)})
    print(json.dumps(tests))


def read_prompts(context, batch, stream: Stream, streams: int, length: int) -> None:
    """One for each stream, as many in a call as it takes."""
    tokens = [(token, at, number, at == length - 1)
              for number in range(streams) for at, token in enumerate(stream.take(length))]
    for first in range(0, len(tokens), BATCH):
        fill(batch, tokens[first:first + BATCH])
        run(context, batch)


def together(chosen: argparse.Namespace) -> None:
    """Several streams, each behind a prompt of its own, a token of each in every step."""
    model, counts = Model(chosen.model), numbers(chosen.npl)
    context = model.context(chosen.c, chosen.t, max(counts), chosen.fa)
    batch = api.llama_batch_init(BATCH, 0, 1)
    for streams in counts:
        api.llama_memory_clear(api.llama_get_memory(context), True)
        read_prompts(context, batch, model.stream, streams, chosen.npp)
        began = time.perf_counter()
        for step in range(chosen.ntg):
            fill(batch, ((token, chosen.npp + step, number, True)
                         for number, token in enumerate(model.stream.take(streams))))
            run(context, batch)
        seconds = time.perf_counter() - began
        print(json.dumps({"pl": streams, "speed_tg": streams * chosen.ntg / seconds}), flush=True)


def quantise(chosen: argparse.Namespace) -> None:
    settings = api.llama_model_quantize_default_params()
    settings.ftype = getattr(api, f"LLAMA_FTYPE_MOSTLY_{chosen.form}")
    fault = api.llama_model_quantize(chosen.source.encode(), chosen.target.encode(), settings)
    if fault != 0:
        sys.exit(f"{chosen.source}: the rival cannot make {chosen.form} of it: {fault}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", action="version",
                        version=f"llama-cpp-python {api.__version__}")
    parts = parser.add_subparsers(required=True)
    alone = parts.add_parser("llama-bench")
    alone.set_defaults(run=bench)
    alone.add_argument("-p", default="0")
    alone.add_argument("-n", type=int, default=0)
    alone.add_argument("-r", type=int, default=5)
    alone.add_argument("-d", type=int, default=0)
    alone.add_argument("-t", default="1")
    alone.add_argument("-o", choices=["json"])
    alone.add_argument("--no-warmup", action="store_true")
    several = parts.add_parser("llama-batched-bench")
    several.set_defaults(run=together)
    for name in ("-c", "-npp", "-ntg", "-t", "-tb"):
        several.add_argument(name, type=int)
    several.add_argument("-npl")
    several.add_argument("--output-format", choices=["jsonl"])
    for part in (alone, several):
        part.add_argument("-m", dest="model", required=True)
        part.add_argument("-fa", choices=list(FUSED), default="auto")
    packing = parts.add_parser("llama-quantize")
    packing.set_defaults(run=quantise)
    for name in ("source", "target", "form"):
        packing.add_argument(name)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    given.run(given)
