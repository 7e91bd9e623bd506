"""What does a chat template take, and how is a conversation changed for it?

Written from the rules in src/text/template_traits.h, independently of the C++, so that a mistake in
either shows.
"""

import dataclasses
import json

TOOL = {
    "type": "function",
    "function": {
        "name": "probe_tool",
        "description": "probe text",
        "parameters": {
            "type": "object",
            "properties": {"probe_key": {"type": "string", "description": "probe text"}},
            "required": ["probe_key"],
        },
    },
}


@dataclasses.dataclass
class Traits:
    arguments: str = ""
    null_as_empty: bool = False
    join_text_parts: bool = False
    system_into_user: bool = False
    late_system_as_user: bool = False
    developer_as_system: bool = False
    merge_same_role: bool = False
    calls_as_text: bool = False
    tools_into_system: bool = False
    one_call_per_turn: bool = False
    short_call_ids: bool = False
    empty_tools: bool = False

    def described(self) -> dict:
        return {name: value for name, value in dataclasses.asdict(self).items() if value}


def say(role: str, content="probe said", **more) -> dict:
    return {"role": role, "content": content, **more}


def call(number: str, arguments) -> dict:
    return {
        "id": number,
        "type": "function",
        "function": {"name": "probe_tool", "arguments": arguments},
    }


def probe(render) -> Traits:
    traits = Traits()

    def out(*messages, tools=()) -> str:
        try:
            return render(
                json.loads(json.dumps(messages)),
                list(tools) or ([] if traits.empty_tools else None),
            )
        except Exception:
            return ""

    user, assistant = say("user"), say("assistant", "probe answered")
    rule = "probe rule"
    traits.empty_tools = "probe said" not in out(user)
    if "probe said" not in out(user):
        traits.empty_tools = False
        return traits

    traits.merge_same_role = rule not in out(user, say("user", rule))
    traits.system_into_user = rule not in out(say("system", rule), user)
    traits.developer_as_system = rule not in out(say("developer", rule), user)
    late = out(say("system", "probe"), user, assistant, say("system", rule), user)
    traits.late_system_as_user = traits.system_into_user or rule not in late

    def takes_parts(role: str) -> bool:
        part = say(role, [{"type": "text", "text": rule}])
        order = {"user": [part], "system": [part, user], "assistant": [user, part, user]}[role]
        text = out(*order)
        return rule in text and "'type'" not in text and '"type"' not in text

    roles = ["user", "assistant"] + ([] if traits.system_into_user else ["system"])
    traits.join_text_parts = not all(takes_parts(role) for role in roles)

    def shows_none(turn: dict) -> bool:
        empty = out(user, {**turn, "content": ""}, user)
        null = out(user, turn, user)
        return bool(empty) and (not null or null.count("None") > empty.count("None"))

    called = say("assistant", None, tool_calls=[call("callprob1", {"probe_key": "probe value"})])
    traits.null_as_empty = any(
        map(shows_none, [say("assistant", None), {"role": "assistant"}, called])
    )

    traits.tools_into_system = "probe_tool" not in out(user, tools=[TOOL])
    probe_calls(out, traits)
    return traits


def probe_calls(out, traits: Traits) -> None:
    user, assistant = say("user"), say("assistant", "probe answered")
    given_object, given_text = {"probe_key": "probe value"}, '{"probe_key": "probe value"}'

    def out_called(number: str, arguments) -> str:
        turn = say("assistant", "", tool_calls=[call(number, arguments)])
        result = say("tool", "probe result", tool_call_id=number, name="probe_tool")
        return out(user, turn, result, assistant, user, tools=[TOOL])

    as_object, as_text = out_called("callprob1", given_object), out_called("callprob1", given_text)
    takes_object = "probe value" in as_object and "{'probe" not in as_object
    takes_text = "probe value" in as_text and '\\"probe_key' not in as_text
    if not (takes_object or takes_text) or "probe result" not in as_object + as_text:
        traits.calls_as_text = True
        return
    if takes_object != takes_text:
        traits.arguments = "object" if takes_object else "text"
    arguments = given_object if takes_object else given_text
    traits.short_call_ids = not out_called("call_probe_0123456789", arguments)
    turn = say(
        "assistant", "", tool_calls=[call("callprob1", arguments), call("callprob2", arguments)]
    )
    results = [
        say("tool", "probe result", tool_call_id=f"callprob{n}", name="probe_tool") for n in (1, 2)
    ]
    both = out(user, turn, *results, assistant, user, tools=[TOOL])
    traits.one_call_per_turn = both.count("probe value") < 2


def plain_numbers(value):
    """The house writes whole numbers without a fraction."""
    if isinstance(value, dict):
        return {key: plain_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def compact(value) -> str:
    return json.dumps(plain_numbers(value), ensure_ascii=False, separators=(",", ":"))


def text_of(content):
    """The text of a content that is nothing but text, else None."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if all(part.get("type") == "text" for part in content):
        return "".join(part["text"] for part in content)
    return None


def join(first, second):
    first, second = text_of(first), text_of(second)
    return first + second if not first or not second else first + "\n\n" + second


class Adapter:
    def __init__(self, traits: Traits, case: dict):
        self.traits = traits
        self.messages = case["messages"]
        self.tools = case.get("tools", [])

    def run(self):
        steps = [self.each_message]
        for name in (
            "short_call_ids",
            "calls_as_text",
            "tools_into_system",
            "developer_as_system",
            "late_system_as_user",
            "system_into_user",
            "one_call_per_turn",
            "merge_same_role",
        ):
            if getattr(self.traits, name):
                steps.append(getattr(self, name))
        for step in steps:
            step()
        return self.messages, self.tools or ([] if self.traits.empty_tools else None)

    def each_message(self):
        for message in self.messages:
            if self.traits.null_as_empty and message.get("content") is None:
                message["content"] = ""
            names = ("reasoning_content", "thinking", "reasoning")
            reasoning = next(
                (message[name] for name in names if message.get(name) is not None), None
            )
            if reasoning is not None:
                message.setdefault("thinking", reasoning)
                message["reasoning_content"] = reasoning
            if self.traits.join_text_parts and isinstance(message.get("content"), list):
                text = text_of(message["content"])
                message["content"] = message["content"] if text is None else text
            for one in message.get("tool_calls", []):
                function = one["function"]
                if self.traits.arguments == "object" and isinstance(function["arguments"], str):
                    function["arguments"] = json.loads(function["arguments"])
                elif self.traits.arguments == "text" and isinstance(function["arguments"], dict):
                    function["arguments"] = compact(function["arguments"])

    def short_call_ids(self):
        names = {}
        for message in self.messages:
            for one in message.get("tool_calls", []):
                one["id"] = names.setdefault(one["id"], f"call{len(names) + 1:05}")
            if message["role"] == "tool":
                number = message["tool_call_id"]
                message["tool_call_id"] = names.setdefault(number, f"call{len(names) + 1:05}")

    def calls_as_text(self):
        for index, message in enumerate(self.messages):
            if message.get("tool_calls"):
                lines = []
                for one in message.pop("tool_calls"):
                    arguments = one["function"]["arguments"]
                    arguments = json.loads(arguments) if isinstance(arguments, str) else arguments
                    written = compact({"name": one["function"]["name"], "arguments": arguments})
                    lines.append(f"<tool_call>\n{written}\n</tool_call>")
                message["content"] = join(message.get("content"), "\n".join(lines))
            elif message["role"] == "tool":
                text = f"<tool_response>\n{text_of(message['content'])}\n</tool_response>"
                self.messages[index] = say("user", text)

    def tools_into_system(self):
        if not self.tools:
            return
        text = "You can call these functions, one JSON object per line:\n"
        text += "".join(compact(tool) + "\n" for tool in self.tools)
        text += "To call one, write its name and arguments like this:\n"
        text += '<tool_call>\n{"name": "function_name", "arguments": {}}\n</tool_call>'
        self.tools = []
        if self.messages[0]["role"] != "system":
            self.messages.insert(0, say("system", ""))
        self.messages[0]["content"] = join(self.messages[0]["content"], text)

    def developer_as_system(self):
        at_start = True
        for message in self.messages:
            at_start = at_start and message["role"] in ("system", "developer")
            if message["role"] == "developer":
                message["role"] = "system" if at_start else "user"

    def late_system_as_user(self):
        kept = []
        for message in self.messages:
            if kept and message["role"] == "system":
                if kept[-1]["role"] == "system":
                    kept[-1]["content"] = join(kept[-1]["content"], message["content"])
                    continue
                message["role"] = "user"
            kept.append(message)
        self.messages = kept

    def system_into_user(self):
        if self.messages[0]["role"] != "system":
            return
        if len(self.messages) > 1 and self.messages[1]["role"] == "user":
            system = self.messages.pop(0)
            self.messages[0]["content"] = join(system["content"], self.messages[0]["content"])
        else:
            self.messages[0]["role"] = "user"

    def one_call_per_turn(self):
        out, rest = [], list(self.messages)
        while rest:
            message = rest.pop(0)
            calls = message.get("tool_calls", [])
            if len(calls) < 2:
                out.append(message)
                continue
            results = []
            while rest and rest[0]["role"] == "tool":
                results.append(rest.pop(0))
            for index, one in enumerate(calls):
                out.append({**message, "tool_calls": [one], **({"content": ""} if index else {})})
                own = [r for r in results if r.get("tool_call_id") == one["id"]] or results[:1]
                if own:
                    results.remove(own[0])
                    out.append(own[0])
            out.extend(results)
        self.messages = out

    def merge_same_role(self):
        out = []
        for message in self.messages:
            last = out[-1] if out else {"role": ""}
            same = message["role"] == last["role"] and message["role"] in ("user", "assistant")
            if same and not message.get("tool_calls") and not last.get("tool_calls"):
                last["content"] = join(last.get("content"), message.get("content"))
            else:
                out.append(message)
        self.messages = out
