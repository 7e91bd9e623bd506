"""How does a conversation become token ids, and which of them are learned?

The text comes from the shipped chat template itself, rendered as transformers renders it, so
training and use agree by construction.
"""

from tokenizers import Tokenizer

from template import load_template

NO_THOUGHT = "<think>\n\n</think>\n\n"


class ChatForm:
    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self.template = load_template()
        self._start = tokenizer.token_to_id("<|im_start|>")
        self._end = tokenizer.token_to_id("<|im_end|>")
        self._speaker = self.encode("assistant\n")
        self._no_thought = self.encode(NO_THOUGHT)

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def render(
        self, messages: list[dict], tools=None, prompt: bool = False, thinking: bool = False
    ) -> str:
        return self.template.render(
            messages=messages, tools=tools, add_generation_prompt=prompt, enable_thinking=thinking
        )

    def learned(self, messages: list[dict], tools=None) -> tuple[list[int], list[bool]]:
        """Ids of the whole conversation, and for each whether the model must learn to write it.

        Learned is what the assistant writes, the closing token included. An empty think block
        belongs to the prompt: the template writes it wherever thinking is off.
        """
        ids = self.encode(self.render(messages, tools))
        mask = [False] * len(ids)
        speaker, empty = self._speaker, self._no_thought
        for i, token in enumerate(ids):
            if token != self._start or ids[i + 1 : i + 1 + len(speaker)] != speaker:
                continue
            first = i + 1 + len(speaker)
            if ids[first : first + len(empty)] == empty:
                first += len(empty)
            last = ids.index(self._end, first)
            mask[first : last + 1] = [True] * (last + 1 - first)
        return ids, mask
