"""Reads the phrase files: blocks of `[head] note`, questions after `?`, answers after `=`, `key:
value` settings.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Block:
    head: str
    note: str
    questions: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)


def read(name: str) -> list[Block]:
    path = Path(__file__).parent / "phrases" / f"{name}.txt"
    blocks: list[Block] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("["):
            head, _, note = line[1:].partition("]")
            blocks.append(Block(head, note.strip()))
        elif line.startswith("? "):
            blocks[-1].questions.append(line[2:])
        elif line.startswith("= "):
            blocks[-1].answers.append(line[2:])
        elif ": " in line:
            key, _, value = line.partition(": ")
            blocks[-1].settings[key] = value
        elif line:
            raise ValueError(
                f"{path.name}:{number}: neither head, question, answer nor setting: {line}"
            )
    return blocks


def pairs(text: str) -> dict[str, str]:
    """`a:b c:d` as a dictionary."""
    return dict(pair.split(":") for pair in text.split())
