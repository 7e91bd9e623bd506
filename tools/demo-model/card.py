"""Writes the model card out of card.md, the measured skills and the record of the training."""

import argparse
import json
import math
from pathlib import Path

import torch

from model import Decoder, Shape
from template import SHIPPED

TEMPLATE = Path(__file__).with_name("card.md")


def _percent(row: dict) -> float:
    return 100 * row["right"] / row["asked"]


def _shown(row: dict) -> str:
    """Rounded down, so that 100.0 means all of them."""
    return f"{math.floor(10 * _percent(row)) / 10:.1f}"


def table(rows: list[dict]) -> str:
    lines = ["| skill | right | of | goal |", "|---|---|---|---|"]
    for row in rows:
        goal = row["goal_percent"]
        verdict = (
            "" if goal is None else f"{goal} %: {'reached' if _percent(row) >= goal else 'missed'}"
        )
        skill = row["skill"].replace("|", "\\|")
        lines.append(f"| {skill} | {_shown(row)} % | {row['asked']} | {verdict} |")
    return "\n".join(lines)


def missed(rows: list[dict]) -> str:
    below = [row for row in rows if row["goal_percent"] and _percent(row) < row["goal_percent"]]
    if not below:
        return "Every goal set before the training was reached."
    names = "; ".join(
        f"`{row['skill']}` ({_shown(row)} % of {row['goal_percent']} % wanted)" for row in below
    )
    return f"**Goals missed:** {names}."


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--checkpoint", type=Path, default=Path("checkpoint.pt"))
    saved = torch.load(options.parse_args().checkpoint, weights_only=True)
    shape = Shape()
    rows = json.loads((SHIPPED / "skills.json").read_text())["skills"]
    facts = shape.as_dict() | {
        "parameters": f"{sum(p.numel() for p in Decoder(shape).parameters()):,}",
        "vocabulary": f"{shape.vocabulary:,}",
        "megabytes": f"{(SHIPPED / 'model.safetensors').stat().st_size / 1e6:.1f}",
        "steps": f"{saved['step']:,}",
        "tokens": f"{saved['tokens']:,}",
        "seed": saved["seed"],
        "minutes": round(saved["spent_s"] / 60),
        "table": table(rows),
        "missed": missed(rows),
    }
    (SHIPPED / "README.md").write_text(TEMPLATE.read_text().format(**facts))


if __name__ == "__main__":
    main()
