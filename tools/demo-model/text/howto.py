"""Simple tasks explained in numbered steps."""

from text import phrase_files
from text.dialogue import Turn

GUIDES = {block.head: block.answers for block in phrase_files.read("howto")}
_ASK = [
    "How do I {}?",
    "How can I {}?",
    "how to {}",
    "Tell me how to {}.",
    "Explain how to {}.",
    "What are the steps to {}?",
    "How to {}?",
    "Can you explain how to {}?",
    "I want to {}. How does it work?",
    "Please tell me how to {}.",
    "Show me how to {}.",
    "Give me steps to {}.",
]


def sample(s) -> list[Turn]:
    task, steps = s.pick(list(GUIDES.items()))
    if s.chance(0.3):
        task = task.replace(" my ", " your ")
    text = "\n".join(f"{i + 1}. {step}" for i, step in enumerate(steps))
    return [Turn(s.pick(_ASK).format(task), text, f"The task is to {task}. I give four steps.")]
