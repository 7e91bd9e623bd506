"""Does what is shipped agree with the references? Run after every export; needs transformers.

1. The chat template rendered by transformers is the text that the training learned from.
2. The plain layout gives transformers' logits.
3. The 8-bit layout is what MLX packs and unpacks.
"""

import argparse
import json
import tempfile
from pathlib import Path

import jinja2
import mlx.core as mx
import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

import weights
from chat_form import NO_THOUGHT, ChatForm
from export import export
from model import rope_table
from template import SHIPPED
from text.compose import dialogue
from text.source import Source


def _same_prompts(reference, form: ChatForm, messages: list[dict], tools) -> int:
    """Each assistant turn: transformers' prompt, then the turn, is the learned text. Returns the
    number of turns.
    """
    whole = reference.apply_chat_template(messages, tools=tools, tokenize=False)
    assert whole == form.render(messages, tools), whole
    turns = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
    for i in turns:
        thinking = bool(messages[i].get("reasoning_content"))
        prompt = reference.apply_chat_template(
            messages[:i],
            tools=tools,
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=thinking,
        )
        assert prompt == form.render(messages[:i], tools, prompt=True, thinking=thinking)
        assert whole.startswith(prompt), (prompt, whole)
        assert prompt.endswith(NO_THOUGHT) != thinking
        absent = reference.apply_chat_template(
            messages[:i], tools=tools, tokenize=False, add_generation_prompt=True
        )
        assert absent == form.render(messages[:i], tools, prompt=True, thinking=False)
    ids, learned = form.learned(messages, tools)
    assert ids == reference(whole, add_special_tokens=False)["input_ids"]
    first_learned = learned.index(True)
    thinking = bool(messages[turns[0]].get("reasoning_content"))
    assert ids[:first_learned] == form.encode(
        form.render(messages[: turns[0]], tools, prompt=True, thinking=thinking)
    )
    return len(turns)


def _check_edges(reference, form: ChatForm) -> None:
    """What the training text lacks: parts, other spellings of a call, old thoughts, other roles."""
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    call = {"name": "f", "arguments": {"a": "x"}}
    same = [
        ([{"role": "user", "content": parts}], [{"role": "user", "content": "Hello"}]),
        (
            [{"role": "developer", "content": "Be kind."}],
            [{"role": "system", "content": "Be kind."}],
        ),
        (
            [{"role": "assistant", "tool_calls": [call]}],
            [
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [{"function": {**call, "arguments": '{"a": "x"}'}}],
                }
            ],
        ),
        (
            [
                {"role": "assistant", "content": "<think>\nso\n</think>\n\nA"},
                {"role": "user", "content": "B"},
            ],
            [{"role": "assistant", "content": "A"}, {"role": "user", "content": "B"}],
        ),
    ]
    for left, right in same:
        assert (
            form.render(left)
            == form.render(right)
            == reference.apply_chat_template(right, tokenize=False)
        )
    for wrong in (
        {"role": "robot", "content": "x"},
        {"role": "user", "content": [{"type": "image"}]},
    ):
        try:
            form.render([wrong])
        except jinja2.TemplateError:
            continue
        raise AssertionError(f"not refused: {wrong}")


def check_template(folder: Path, conversations: int) -> None:
    reference = AutoTokenizer.from_pretrained(folder)
    form = ChatForm(Tokenizer.from_file(str(folder / "tokenizer.json")))
    source, turns, kinds = (
        Source("check"),
        0,
        {"tools": 0, "results": 0, "thinking": 0, "system": 0},
    )
    for number in range(conversations):
        found = dialogue(source, long=number % 10 == 0)
        turns += _same_prompts(reference, form, found.messages, found.tools)
        kinds["tools"] += bool(found.tools)
        kinds["results"] += any(m["role"] == "tool" for m in found.messages)
        kinds["thinking"] += any(m.get("reasoning_content") for m in found.messages) or 0
        kinds["system"] += found.messages[0]["role"] == "system"
    assert all(kinds.values())
    _check_edges(reference, form)
    print(f"template: {conversations} conversations, {turns} assistant turns, {kinds}: all equal")


@torch.inference_mode()
def check_logits(checkpoint: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        export(checkpoint, folder, eight_bit=False)
        reference = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        ours = weights.load(folder)
        ids = torch.randint(0, 2000, (2, 64), generator=torch.Generator().manual_seed(1))
        mask = torch.ones(64, 64, dtype=torch.bool).tril()[None, None]
        got, wanted = ours.logits(ours(ids, rope_table(ours.s, 64), mask)), reference(ids).logits
        difference = (got - wanted).abs().max().item()
        assert difference < 1e-4 * wanted.std().item(), difference
        print(
            f"logits: largest difference {difference:.1e}, "
            f"standard deviation {wanted.std().item():.2f}"
        )


def check_8bit(folder: Path) -> None:
    quantisation = json.loads((folder / "config.json").read_text())["quantization"]
    stored, ours = mx.load(str(folder / "model.safetensors")), weights.load(folder)
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert file.metadata() == {"format": "mlx"}
    for name, weight in ours.named_parameters():
        stem = "model." + name.removesuffix(".weight")
        if f"{stem}.scales" in stored:
            parts = [
                stored[f"{stem}.{part}"].astype(mx.float32)
                if part != "weight"
                else stored[f"{stem}.weight"]
                for part in ("weight", "scales", "biases")
            ]
            unpacked = mx.dequantize(
                *parts, group_size=quantisation["group_size"], bits=quantisation["bits"]
            )
            difference = mx.abs(unpacked - mx.array(weight.detach().numpy())).max().item()
            assert difference < 1e-6, (name, difference)
    print(f"8 bit: {len(stored)} tensors unpack as MLX unpacks them")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--checkpoint", type=Path, help="also compare logits with transformers")
    options.add_argument("--conversations", type=int, default=500)
    chosen = options.parse_args()
    check_template(SHIPPED, chosen.conversations)
    if chosen.checkpoint:
        check_logits(chosen.checkpoint)
    check_8bit(SHIPPED)


if __name__ == "__main__":
    main()
