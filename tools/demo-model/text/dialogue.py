"""What is one conversation of the training text?"""

from dataclasses import dataclass, field


@dataclass
class Turn:
    """One question and its answer; `thought` is what the think block says when thinking is on."""

    user: str
    answer: str
    thought: str


@dataclass
class Dialogue:
    """Messages in the form of the chat API, ready for the chat template."""

    messages: list[dict]
    tools: list[dict] | None = None
    topic: str = ""
    facts: dict = field(
        default_factory=dict
    )  # what the test checks: expected name, arguments, words ...


def from_turns(turns: list[Turn], system: str | None, thinking: bool, topic: str) -> Dialogue:
    """Thinking concerns the last turn only: the template drops earlier thoughts."""
    messages = [{"role": "system", "content": system}] if system else []
    for turn in turns:
        messages.append({"role": "user", "content": turn.user})
        messages.append({"role": "assistant", "content": turn.answer})
    if thinking:
        messages[-1]["reasoning_content"] = turns[-1].thought
    return Dialogue(messages, topic=topic)
