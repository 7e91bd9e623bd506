"""Asks the shipped model the held-out cases and writes skills.json beside it."""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import torch
from tokenizers import Tokenizer

import weights
from cases import Case, calls_in, draw
from chat_form import ChatForm
from generate import answer
from template import SHIPPED

GOALS = {
    "ends with <|im_end|>": 100,
    "greeting right": 98,
    "identity right": 98,
    "tool call well-formed": 98,
    "tool call: right tool and arguments": 90,
    "tool result told": 90,
    "sums to 20": 90,
    "repeat three made-up words": 80,
    "unknown question declined": 90,
}


def spoken(text: str) -> str | None:
    """What an answer says after its think block; None where the block is not closed."""
    if "<think>" not in text:
        return text
    return text.split("</think>")[1].lstrip("\n") if "</think>" in text else None


class Score:
    def __init__(self):
        self.right, self.asked, self.failures = (
            defaultdict(int),
            defaultdict(int),
            defaultdict(list),
        )

    def add(self, skill: str, fine: bool, case: Case, text: str) -> None:
        self.asked[skill] += 1
        self.right[skill] += fine
        if not fine:
            self.failures[skill].append((case.messages[-1]["content"], text))

    def rows(self) -> list[dict]:
        return [
            {
                "skill": skill,
                "right": self.right[skill],
                "asked": asked,
                "goal_percent": GOALS.get(skill),
            }
            for skill, asked in sorted(
                self.asked.items(),
                key=lambda pair: (
                    pair[0] not in GOALS,
                    list(GOALS).index(pair[0]) if pair[0] in GOALS else 0,
                ),
            )
        ]


def run(folder: Path, count: int, seed: str) -> Score:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    form, model = ChatForm(tokenizer), weights.load(folder)
    stop = tokenizer.token_to_id("<|im_end|>")
    cases = draw(count, seed)
    prompts = [
        form.encode(form.render(c.messages, c.tools, prompt=True, thinking=c.thinking))
        for c in cases
    ]
    score = Score()
    for case, ids in zip(
        cases, answer(model, prompts, {stop, tokenizer.token_to_id("<|endoftext|>")})
    ):
        text = tokenizer.decode([i for i in ids if i != stop], skip_special_tokens=False)
        said = spoken(text)
        score.add("ends with <|im_end|>", ids[-1] == stop, case, text)
        skill = case.skill
        if skill == "tool call":
            score.add(
                "tool call well-formed", said is not None and calls_in(said) is not None, case, text
            )
            skill = "tool call: right tool and arguments"
        score.add(skill, said is not None and case.right(said), case, text)
    return score


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, default=SHIPPED)
    options.add_argument("--count", type=int, default=150, help="cases for each skill")
    options.add_argument("--seed", default="test")
    options.add_argument(
        "--failures", type=int, default=0, help="print so many failures for each skill"
    )
    options.add_argument("--threads", type=int, default=2)
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    score = run(chosen.folder, chosen.count, chosen.seed)
    for row in score.rows():
        goal = f"goal {row['goal_percent']} %" if row["goal_percent"] else ""
        print(
            f"{row['skill']:40} {row['right']:5} of {row['asked']:5} "
            f"{100 * row['right'] / row['asked']:6.1f} % {goal}"
        )
        for asked, text in score.failures[row["skill"]][: chosen.failures]:
            print(f"    {asked!r}\n        {text!r}")
    (chosen.folder / "skills.json").write_text(
        json.dumps({"seed": chosen.seed, "skills": score.rows()}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
