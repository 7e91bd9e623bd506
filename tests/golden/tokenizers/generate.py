"""Small tokenizers of every kind, and what the reference makes of texts and ids with them.

    python tests/golden/tokenizers/generate.py

Each folder gets a tokenizer.json as its family has it (byte-level BPE, SentencePiece-like BPE with
byte fallback, Unigram with byte fallback, WordPiece), trained on a text that is made here, and
expected.json: ids of texts, decoded texts, and for sequences of ids what the crate's DecodeStream
gives token by token.
"""

import json
import pathlib
import random

import tokenizers as tk
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).resolve().parent
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WORDS = """river stone hearth morning window letter number seven garden bridge under over the a and
to of in it is was not with for light water small green slowly because nothing somebody answer
question winter summer""".split()
TEXTS = [
    "",
    " ",
    "  ",
    "\n",
    "\n\n \n",
    "a",
    "The river is under the bridge.",
    "  two spaces  and\ttabs\n",
    "seven 7 77 777",
    "don't we'll I'm",
    "Grüße aus Köln",
    "日本語のテキスト",
    "🦙 llama 👩‍👩‍👧 family",
    "é e\u0301 Å",
    "x = y[0] + {\"k\": 'v'};",
    "<|im_start|>user\nHello<|im_end|>\n",
    "<think>hm</think> yes",
    "a<s>b</s>c",
    "<unk> <0x41> [CLS] [MASK]",
    "under-over—under…",
    "!!!???",
    "The\u00a0end",
    "ﬁnal ½ ²",
    "\u200bzero\u200d",
    "Привет мир",
    "<|im_end",
    "end|>",
]
MARKERS = ["<think>", "</think>", "<tool_call>", "</tool_call>"]


def corpus() -> list[str]:
    chance = random.Random(7)
    return [" ".join(chance.choices(WORDS, k=12)).capitalize() + "." for _ in range(400)]


def byte_bpe() -> tk.Tokenizer:
    tokenizer = tk.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tk.Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        corpus(), trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet)
    )
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([tk.AddedToken(marker, normalized=False) for marker in MARKERS])
    return tokenizer


def with_bytes(
    specials: list[str], merges: list[tuple[str, str]], letters: list[str]
) -> dict[str, int]:
    tokens = (
        specials + [f"<0x{byte:02X}>" for byte in range(256)] + letters + [a + b for a, b in merges]
    )
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}


def sentence_bpe() -> tk.Tokenizer:
    trained = tk.Tokenizer(models.BPE())
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.train_from_iterator(corpus(), trainers.BpeTrainer(vocab_size=220))
    state = json.loads(trained.to_str())["model"]
    merges = [tuple(pair) for pair in state["merges"]]
    letters = sorted(token for token in state["vocab"] if len(token) == 1)
    vocabulary = with_bytes(["<unk>", "<s>", "</s>"], merges, letters)
    tokenizer = tk.Tokenizer(
        models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def unigram() -> tk.Tokenizer:
    trained = tk.Tokenizer(models.Unigram())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trained.train_from_iterator(
        corpus(), trainers.UnigramTrainer(vocab_size=120, unk_token="<unk>")
    )
    pieces = [tuple(p) for p in json.loads(trained.to_str())["model"]["vocab"] if p[0] != "<unk>"]
    specials = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("<extra_id_0>", 0.0)]
    byte_pieces = [(f"<0x{byte:02X}>", -20.0) for byte in range(256)]
    tokenizer = tk.Tokenizer(
        models.Unigram(specials + byte_pieces + pieces, unk_id=2, byte_fallback=True)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Sequence(
        [decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")]
    )
    tokenizer.add_special_tokens([name for name, _ in specials])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer


def word_piece() -> tk.Tokenizer:
    tokenizer = tk.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        corpus(), trainers.WordPieceTrainer(vocab_size=160, special_tokens=specials)
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def streamed(tokenizer: tk.Tokenizer, ids: list[int], skip: bool) -> list[str]:
    """What each token adds, and at last what was held back; less where the reference gives up."""
    stream = decoders.DecodeStream(skip_special_tokens=skip)
    steps = []
    for number in ids:
        try:
            steps.append(stream.step(tokenizer, number) or "")
        except Exception:
            return steps
    whole, given = tokenizer.decode(ids, skip_special_tokens=skip), "".join(steps)
    return [*steps, whole[len(given) :]]


def sequences(tokenizer: tk.Tokenizer) -> list[list[int]]:
    chance = random.Random(11)
    size = tokenizer.get_vocab_size()
    encoded = [tokenizer.encode(text, add_special_tokens=True).ids for text in TEXTS]
    bytes_like = [
        i
        for i in range(size)
        if len(tokenizer.id_to_token(i) or "") == 1
        or (tokenizer.id_to_token(i) or "").startswith("<0x")
    ] or list(range(size))
    drawn = [chance.choices(range(size), k=24) for _ in range(12)]
    broken = [chance.choices(bytes_like, k=24) for _ in range(12)]
    return [ids for ids in [*encoded, *drawn, *broken] if ids]


def expected(tokenizer: tk.Tokenizer) -> dict:
    def encode(text, special):
        return tokenizer.encode(text, add_special_tokens=special).ids

    texts = [{"text": t, "ids": encode(t, False), "framed": encode(t, True)} for t in TEXTS]
    streams = [
        {
            "ids": ids,
            "skip": skip,
            "text": tokenizer.decode(ids, skip_special_tokens=skip),
            "steps": streamed(tokenizer, ids, skip),
        }
        for ids in sequences(tokenizer)
        for skip in (True, False)
    ]
    return {"texts": texts, "streams": streams}


def rows(entries: list) -> str:
    return ",\n".join(
        json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries
    )


def main() -> None:
    for make in (byte_bpe, sentence_bpe, unigram, word_piece):
        folder = HERE / make.__name__
        folder.mkdir(exist_ok=True)
        tokenizer = make()
        state = json.loads(tokenizer.to_str())
        (folder / "tokenizer.json").write_text(
            json.dumps(state, ensure_ascii=False, separators=(",", ":")) + "\n"
        )
        golden = expected(tokenizer)
        text = (
            f'{{"texts":[\n{rows(golden["texts"])}\n],"streams":[\n{rows(golden["streams"])}\n]}}\n'
        )
        (folder / "expected.json").write_text(text)
    config = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "add_bos_token": False}
    (HERE / "byte_bpe/tokenizer_config.json").write_text(json.dumps(config) + "\n")
    config = {
        "bos_token": "<s>",
        "eos_token": {"content": "</s>"},
        "unk_token": "<unk>",
        "add_bos_token": True,
    }
    (HERE / "sentence_bpe/tokenizer_config.json").write_text(json.dumps(config) + "\n")


if __name__ == "__main__":
    main()
