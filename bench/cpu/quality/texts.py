"""Texts that a model is asked about: conversations for the demo model, and files."""

import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
SEPARATOR = "<|endoftext|>"
ANSWER_BEGINS, ANSWER_ENDS = "</think>\n\n", "<|im_end|>"


def conversations(count: int, seed: str = "quality") -> str:
    """Conversations of the demo model's kind with held-out names, words and questions, in its own
    chat form."""
    sys.path.insert(0, str(ROOT / "tools" / "demo-model"))
    from template import load_template
    from text.source import Source, question_is_held_out

    from text import compose

    template = load_template()
    order = random.Random(seed)
    found = []
    while len(found) < count:
        drawn = compose.dialogue(Source(f"{seed}/{order.random()}", held_out=True))
        asked = [each["content"] for each in drawn.messages if each["role"] == "user"]
        if not any(question_is_held_out(text) for text in asked):
            continue  # the training text may hold it word for word
        found.append(template.render(messages=drawn.messages, tools=drawn.tools,
                                     add_generation_prompt=False, enable_thinking=False))
    return SEPARATOR.join(found)


def shared(name: str) -> pathlib.Path | None:
    """A file or folder of the shared test data, if this checkout has it."""
    path = ROOT.parent / "shared" / "data" / name
    return path if path.exists() else None
