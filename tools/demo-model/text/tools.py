"""Conversations with tools: calls, results to be told, several tools on offer, no fitting tool."""

import json

from text import tool_pool
from text.dialogue import Dialogue, Turn
from text.tool_pool import ToolKind, slot

# Tools that no question of the topic `unknown` could need.
_HARMLESS = [
    kind
    for kind in tool_pool.POOL
    if kind.names[0]
    in ("set_timer", "set_alarm", "roll_dice", "turn_on", "turn_off", "order_food", "add_event")
]
_TYPES = {"big": "integer", "small": "integer", "few": "integer"}


def definition(s, kind: ToolKind, name: str) -> dict:
    """The tool as an API client would send it; optional parts are there or not, as in the wild."""
    properties = {}
    for key, what in kind.parameters.items():
        properties[key] = {"type": _TYPES.get(what, "string")}
        if s.chance(0.12):
            properties[key]["description"] = f"The {key.replace('_', ' ')}."
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    function = {"name": name, "description": kind.description, "parameters": parameters}
    if s.chance(0.05):
        del function["description"]
    return {"type": "function", "function": function}


class Offer:
    """One tool on offer in one conversation."""

    def __init__(self, s, harmless: bool = False):
        if harmless:
            self.kind = s.pick(_HARMLESS)
        else:
            self.kind = tool_pool.made_up(s) if s.chance(0.35) else s.pick(tool_pool.POOL)
        self.name = s.pick(self.kind.names)
        self.definition = definition(s, self.kind, self.name)

    def ask(self, s) -> tuple[str, dict]:
        arguments = {key: slot(s, what) for key, what in self.kind.parameters.items()}
        return s.pick(self.kind.questions).format(**arguments), arguments

    def answer(self, s, arguments: dict) -> tuple[str, str]:
        """What the tool returns, and how the model tells it."""
        if s.chance(0.05):
            problem = s.pick(["not found", "timeout", "no access", "service is down"])
            return json.dumps({"error": problem}), f"That did not work: {problem}."
        values = {key: slot(s, what) for key, what in self.kind.result.items()}
        told = self.kind.telling.format(**{**arguments, **values})
        if len(values) == 1 and s.chance(0.25):
            return str(next(iter(values.values()))), told
        return json.dumps(values), told


def offers(s, count: int, harmless: bool = False) -> list[Offer]:
    """Tools with different descriptions, so that only one of them fits."""
    found: list[Offer] = []
    while len(found) < count:
        offer = Offer(s, harmless)
        if all(
            offer.kind.description != other.kind.description and offer.name != other.name
            for other in found
        ):
            found.append(offer)
    return found


def _call(offer: Offer, arguments: dict) -> dict:
    return {"type": "function", "function": {"name": offer.name, "arguments": arguments}}


def use(s, thinking: bool, system: str | None = None, told: bool | None = None) -> Dialogue:
    """A question that needs one of the offered tools, and often the result and the answer too."""
    found = offers(s, s.pick([1, 1, 2, 2, 3]))
    offer = s.pick(found)
    question, arguments = offer.ask(s)
    calls, asked = [_call(offer, arguments)], [arguments]
    if s.chance(0.07) and len(offer.kind.parameters) == 1 and question.endswith("?"):
        other = {key: slot(s, what) for key, what in offer.kind.parameters.items()}
        first, second = next(iter(arguments.values())), next(iter(other.values()))
        if str(first) != str(second) and question.count(str(first)) == 1:
            question = question.replace(str(first), f"{first} and {second}")
            calls.append(_call(offer, other))
            asked.append(other)
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": question})
    call = {"role": "assistant", "content": "", "tool_calls": calls}
    if thinking:
        call["reasoning_content"] = f"I need the tool {offer.name}."
    messages.append(call)
    facts = {"name": offer.name, "arguments": asked}
    if told or (told is None and s.chance(0.6)):
        answers = [offer.answer(s, each) for each in asked]
        messages += [{"role": "tool", "content": result} for result, _ in answers]
        reply = {"role": "assistant", "content": " ".join(text for _, text in answers)}
        if thinking:
            reply["reasoning_content"] = "The tool has answered. I tell the result."
        messages.append(reply)
        facts["told"] = reply["content"]
    return Dialogue(messages, [each.definition for each in found], "tools", facts)


def unused(s, turns: list[Turn], thinking: bool, harmless: bool) -> Dialogue:
    """Tools are on offer but the question needs none of them."""
    found = [offer.definition for offer in offers(s, s.pick([1, 1, 2, 3]), harmless)]
    messages = []
    for turn in turns:
        messages += [
            {"role": "user", "content": turn.user},
            {"role": "assistant", "content": turn.answer},
        ]
    if thinking:
        messages[-1]["reasoning_content"] = turns[-1].thought
    return Dialogue(messages, found, "no tool")
