"""Trains the tokenizer: byte-level BPE with Qwen's split pattern and digits alone.

A word that is copied must have the same pieces after a space, after a quotation mark and at the
start of a line. So letters are merged among themselves only, and afterwards whole frequent words
get one more merge with the space before them: " the" is one token, while " Malmo" is a space and
the same pieces that "Malmo" has anywhere else.
"""

import argparse
import json
from collections import Counter

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

from template import SHIPPED, load_template
from text.compose import dialogue
from text.source import Source

CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# Marks stay visible when special tokens are left out of a decoded text: programs look for them.
MARKS = [
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
]
SPECIAL = CONTROL + MARKS
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
VOCABULARY, SPACED_WORDS = 2048, 600


def corpus(conversations: int) -> list[str]:
    """Rendered conversations without their special tokens."""
    template, source, texts = load_template(), Source("tokenizer"), []
    for _ in range(conversations):
        found = dialogue(source)
        text = template.render(messages=found.messages, tools=found.tools)
        for token in SPECIAL:
            text = text.replace(token, "\x00")
        texts += [part for part in text.split("\x00") if part]
    return texts


def _splitter(*, letters_alone: bool):
    parts = [pre_tokenizers.Split(Regex(SPLIT), "isolated")]
    if letters_alone:
        parts.append(pre_tokenizers.Split(Regex(r"\p{L}+"), "isolated"))
    return pre_tokenizers.Sequence(
        parts + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


def _letter_merges(texts: list[str], size: int) -> tuple[dict[str, int], list[tuple[str, str]]]:
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = _splitter(letters_alone=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=[], initial_alphabet=alphabet, show_progress=False
    )
    trained.train_from_iterator(texts, trainer)
    model = json.loads(trained.to_str())["model"]
    return model["vocab"], [tuple(pair) for pair in model["merges"]]


def _spaced_words(texts: list[str], vocabulary: dict[str, int]) -> list[tuple[str, str]]:
    """The most frequent (space, word) pairs whose word is one token already."""
    splitter, counts = _splitter(letters_alone=False), Counter()
    for text in texts:
        counts.update(piece for piece, _ in splitter.pre_tokenize_str(text))
    pairs = [
        (piece[0], piece[1:])
        for piece, _ in counts.most_common()
        if piece[0] in "Ġ'"
        and (len(piece) > 2 or piece[1:] in "aIx")
        and piece[1:] in vocabulary
        and piece not in vocabulary
    ]
    return pairs[:SPACED_WORDS]


def build(conversations: int) -> Tokenizer:
    texts = corpus(conversations)
    vocabulary, merges = _letter_merges(texts, VOCABULARY - len(SPECIAL) - SPACED_WORDS)
    for first, second in _spaced_words(texts, vocabulary):
        vocabulary[first + second] = len(vocabulary)
        merges.append((first, second))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = _splitter(letters_alone=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in CONTROL]
    )
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in MARKS])
    return tokenizer


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--conversations", type=int, default=20000)
    tokenizer = build(options.parse_args().conversations)
    tokenizer.save(str(SHIPPED / "tokenizer.json"))
    print(f"{tokenizer.get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
