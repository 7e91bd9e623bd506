"""Golden prompts of chat templates: what Jinja2, set up as transformers sets it up, writes.

    python tests/golden/generate/templates.py [--show TEMPLATE CASE]

Every template of ../shared/data/chat-templates and of tests/golden/templates/own, and the demo
model's, is rendered with every conversation of tests/golden/templates/conversations.json. The
conversations are first adapted to what the template takes, by templates_adapt.py, which finds that
out with Jinja2 alone.

For our own templates the texts are written down. Of the others only digests are: 64-bit FNV-1a of
the whole text and, to find a difference, 16 bits of each line. `--show` prints a text.
"""

import datetime
import json
import pathlib
import sys

import jinja2.sandbox
from templates_adapt import Adapter, Traits, probe
from transformers.utils import chat_template_utils

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests/golden/templates"
SHARED = ROOT / "../shared/data/chat-templates"
DEMO = ROOT / "assets/hearth-demo/chat_template.jinja"
LOCAL_SECONDS = 1_709_210_645  # Thursday, 2024-02-29 12:44:05
SPECIAL_TOKENS = {f"{name}_token": f"<{name}>" for name in ("bos", "eos", "pad", "unk")}
TAG = "\ufdd6continue\ufdd7 "


def strftime_now(form: str) -> str:
    epoch = datetime.datetime(1970, 1, 1)
    return (epoch + datetime.timedelta(seconds=LOCAL_SECONDS)).strftime(form)


def compile_template(source: str):
    """As transformers compiles it. A template that changes lists, which transformers' sandbox
    forbids, gets the plain sandbox: its users need it to work."""
    immutable = chat_template_utils.ImmutableSandboxedEnvironment
    try:
        if ".append(" in source or ".pop(" in source:
            chat_template_utils.ImmutableSandboxedEnvironment = jinja2.sandbox.SandboxedEnvironment
        compiled = chat_template_utils._cached_compile_jinja_template(source)
    finally:
        chat_template_utils.ImmutableSandboxedEnvironment = immutable
    compiled.environment.globals["strftime_now"] = strftime_now
    return compiled


def render(compiled, messages, tools, variables, add_generation_prompt=True) -> str:
    return compiled.render(
        messages=messages,
        tools=tools,
        **({"documents": None, **SPECIAL_TOKENS, **variables}),
        add_generation_prompt=add_generation_prompt,
    )


def continued(compiled, messages, tools, variables) -> str:
    """The prompt up to the end of the last message's text, by transformers' way of tagging it."""
    last = messages[-1]
    if isinstance(last["content"], list):
        last["content"][-1]["text"] += TAG
    else:
        last["content"] += TAG
    text = render(compiled, messages, tools, variables, add_generation_prompt=False)
    at = text.rindex(TAG.strip())
    return text[:at] if text[at:].startswith(TAG) else text[:at].rstrip()


def run_case(compiled, traits: Traits, case: dict) -> dict:
    conversation = Adapter(traits, json.loads(json.dumps(case))).run()
    variables = case.get("variables", {})
    try:
        if case.get("continue_last"):
            return {"text": continued(compiled, *conversation, variables)}
        wanted = case.get("add_generation_prompt", True)
        return {"text": render(compiled, *conversation, variables, wanted)}
    except Exception as error:  # whatever a template does, Jinja2 raises it
        return {"error": f"{type(error).__name__}: {error}"[:120]}


def fnv1a(data: bytes) -> int:
    state = 0xCBF29CE484222325
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return state


def digest(text: str) -> dict:
    data = text.encode()
    lines = "".join(f"{fnv1a(line) & 0xFFFF:04x}" for line in data.split(b"\n"))
    return {"bytes": len(data), "fnv1a": f"{fnv1a(data):016x}", "lines": lines}


def golden(source: str, cases: dict, in_full: bool) -> dict:
    compiled = compile_template(source)
    traits = probe(lambda messages, tools: render(compiled, messages, tools, {}))
    results = {}
    for name, case in cases.items():
        result = run_case(compiled, traits, case)
        results[name] = result if in_full or "error" in result else digest(result["text"])
    return {"traits": traits.described(), "cases": results}


def write(path: pathlib.Path, content: dict) -> None:
    rows = ((json.dumps(k), json.dumps(v, ensure_ascii=False)) for k, v in content["cases"].items())
    cases = ",\n".join(f"  {name}: {result}" for name, result in rows)
    path.write_text(f'{{"traits": {json.dumps(content["traits"])},\n "cases": {{\n{cases}\n}}}}\n')


def main() -> None:
    cases = json.loads((GOLDEN / "conversations.json").read_text())
    if sys.argv[1:2] == ["--show"]:
        source = next(
            p
            for p in [*SHARED.glob("*.jinja"), *GOLDEN.glob("own/*.jinja")]
            if p.stem == sys.argv[2]
        )
        print(golden(source.read_text(), cases, in_full=True)["cases"][sys.argv[3]])
        return
    for source in sorted(GOLDEN.glob("own/*.jinja")):
        write(source.with_suffix(".json"), golden(source.read_text(), cases, in_full=True))
    write(GOLDEN / "own/hearth-demo.json", golden(DEMO.read_text(), cases, in_full=True))
    for source in sorted(SHARED.glob("*.jinja")):
        write(GOLDEN / f"{source.stem}.json", golden(source.read_text(), cases, in_full=False))


if __name__ == "__main__":
    main()
