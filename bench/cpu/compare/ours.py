"""hearth-engine-bench: its command lines, and how its answers are read."""

import json
import pathlib
import statistics

import plan


def command(program: pathlib.Path, model: pathlib.Path, step: str, size: plan.Size) -> list[str]:
    words = [str(program), "speed", str(model), "--repeats", f"{size.repeats}"]
    tokens = ["--tokens", f"{size.tokens}"]
    if step == "start":
        return [str(program), "speed", str(model), "--prompts", "1", "--repeats", "1",
                "--no-warm-up"]
    if step == "single":
        return [*words, "--prompts", ",".join(map(str, size.prompts)), "--depths", "0", *tokens]
    if step == "depth":
        return [*words, "--depths", f"{size.depth}", *tokens]
    if step == "busy":
        return [*words, "--depths", "0", *tokens]
    return [*words, "--streams", ",".join(map(str, size.streams)), "--stream-prompt",
            f"{size.stream_prompt}", "--tokens", f"{size.stream_tokens}"]


def read(text: str, step: str) -> dict[str, dict]:
    """Figures by workload. @raises ValueError where the text is no JSON."""
    answer = json.loads(text)
    found: dict[str, dict] = {}
    for test in answer["prefill"]:
        seconds = statistics.median(test["seconds"])
        found[plan.prefill(test["tokens"])] = {"rate": test["tokens"] / seconds,
                                               "ms": seconds * 1e3}
    for test in answer["decode"]:
        rate = test["streams"] * test["tokens"] / statistics.median(test["seconds"])
        name = plan.decode(test["depth"]) if test["streams"] == 1 else plan.together(
            test["streams"])
        found[name] = {"rate": rate}
    if step == "busy":  # the same, whatever the rival does
        return {plan.BUSY: found[plan.decode(0)], plan.BUSY_FEWER: found[plan.decode(0)]}
    return found


def facts(text: str) -> dict:
    """Proof of path: kernels and what they computed, memory, size of the weights."""
    answer = json.loads(text)
    return {key: answer[key] for key in ("kernels", "weight_bytes", "chunk", "load_s", "roofs")
            if key in answer}
