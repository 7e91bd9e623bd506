"""Trains the model. `--steps N` fixes the length; `--until HH:MM` fits the schedule to the clock.

Several processes share a step (`torchrun --nproc-per-node 2 train.py ...`), one thread each: on a
busy machine they wait for one another once a step and not once an operation.
"""

import argparse
import datetime
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from tokenizers import Tokenizer

from batches import Packer
from chat_form import ChatForm
from model import Decoder, Shape, rope_table
from optimiser import Optimiser
from template import SHIPPED

WARM_UP, FLAT, MUON_RATE, ADAM_RATE = 60, 0.30, 8e-3, 3e-3
SAVE_EVERY_S = 240


def rate(step: int, progress: float) -> float:
    """Warm-up, flat, then linear to zero."""
    return min(1.0, (step + 1) / WARM_UP, max(0.0, (1 - progress) / (1 - FLAT)))


def seconds_until(clock: str) -> float:
    hour, minute = map(int, clock.split(":"))
    now = datetime.datetime.now()
    end = now.replace(hour=hour, minute=minute, second=0)
    return ((end if end > now else end + datetime.timedelta(days=1)) - now).total_seconds()


class Run:
    def __init__(self, options):
        self.options = options
        self.rank, self.world = (
            int(os.environ.get("RANK", "0")),
            int(os.environ.get("WORLD_SIZE", "1")),
        )
        if self.world > 1:
            dist.init_process_group("gloo")
            torch.set_num_threads(1)
        torch.manual_seed(options.seed)
        self.model = Decoder(Shape())
        self.forward = torch.compile(self.model, dynamic=False) if options.compile else self.model
        self.optimiser = Optimiser(self.model, self.rank, self.world)
        self.packer = Packer(
            ChatForm(Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))), f"train {options.seed}"
        )
        self.ropes = {}
        self.step, self.spent_s, self.tokens = 0, 0.0, 0
        if Path(options.checkpoint).exists():
            self._load()
        self.started, self.saved = time.time(), time.time()
        self.budget_s = self.spent_s + seconds_until(options.until) if options.until else None

    def _load(self) -> None:
        saved = torch.load(self.options.checkpoint, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.optimiser.load(saved["optimiser"][self.rank])
        self.step, self.spent_s, self.tokens = saved["step"], saved["spent_s"], saved["tokens"]

    def save(self) -> None:
        states = [self.optimiser.state()]
        if self.world > 1:
            states = [None] * self.world
            dist.all_gather_object(states, self.optimiser.state())
        if self.rank == 0:
            path = Path(self.options.checkpoint)
            torch.save(
                {
                    "model": self.model.state_dict(),
                    "optimiser": states,
                    "step": self.step,
                    "spent_s": self._spent(),
                    "tokens": self.tokens,
                    "seed": self.options.seed,
                },
                path.with_suffix(".part"),
            )
            path.with_suffix(".part").rename(path)
        self.saved = time.time()

    def _spent(self) -> float:
        return self.spent_s + time.time() - self.started

    def progress(self) -> float:
        if self.budget_s is None:
            return self.step / self.options.steps
        return self._spent() / self.budget_s

    def _loss(self, ids, targets, mask, learned_in_all: float):
        length = ids.shape[1]
        if length not in self.ropes:
            self.ropes[length] = rope_table(Shape(), length)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.forward(ids, self.ropes[length], mask)
            wanted = targets != -100
            logits = self.model.logits(hidden[wanted])
        return F.cross_entropy(logits.float(), targets[wanted], reduction="sum") / learned_in_all

    def one_step(self) -> tuple[float, bool]:
        """Learns from one batch; process 0's clock decides for all."""
        ids, targets, mask = self.packer.batch(self.step, self.rank, self.world)
        shared = torch.tensor(
            [(targets != -100).sum().item(), self.progress() if self.rank == 0 else 0.0]
        )
        if self.world > 1:
            dist.all_reduce(shared)
        learned, progress = shared.tolist()
        if progress >= 1:
            return 0.0, True
        factor = rate(self.step, progress)
        loss = self._loss(ids, targets, mask, learned)
        loss.backward()
        self.optimiser.step(MUON_RATE * factor, ADAM_RATE * factor)
        self.optimiser.zero_grad()
        self.step += 1
        self.tokens += int(ids.numel() * self.world)
        return loss.item() * self.world, False

    def train(self) -> None:
        recent, at = 0.0, time.time()
        while True:
            loss, done = self.one_step()
            if done:
                break
            recent += loss
            if self.step % 20 == 0:
                if self.rank == 0:
                    speed = 20 * 12 * 384 / (time.time() - at)
                    print(
                        f"step {self.step} progress {self.progress():.3f} loss {recent / 20:.4f} "
                        f"tokens {self.tokens} {speed:.0f}/s",
                        flush=True,
                    )
                recent, at = 0.0, time.time()
                due = torch.tensor(
                    [float(self.rank == 0 and time.time() - self.saved > SAVE_EVERY_S)]
                )
                if self.world > 1:
                    dist.all_reduce(due)
                if due.item() > 0:
                    self.save()
        self.save()
        if self.rank == 0:
            print(
                f"done: {self.step} steps, {self.tokens} tokens, {self._spent():.0f} s", flush=True
            )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    length = options.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int)
    length.add_argument("--until", metavar="HH:MM")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--checkpoint", default="checkpoint.pt")
    options.add_argument("--compile", action="store_true")
    Run(options.parse_args()).train()


if __name__ == "__main__":
    main()
