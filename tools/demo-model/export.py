"""Turns a checkpoint of the training into a folder that can be served."""

import argparse
import json
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer

import weights
from model import Decoder, Shape
from template import SHIPPED
from train_tokenizer import CONTROL, SPECIAL

CONTEXT = 2048


def config(shape: Shape, ids: dict[str, int], eight_bit: bool) -> dict:
    """The keys of Qwen3 as the Hub has them (rope_theta at the root)."""
    found = {
        "architectures": ["Qwen3ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
        "head_dim": shape.head_width,
        "hidden_act": "silu",
        "hidden_size": shape.hidden,
        "initializer_range": 0.02,
        "intermediate_size": shape.feed_forward,
        "max_position_embeddings": CONTEXT,
        "max_window_layers": shape.layers,
        "model_type": "qwen3",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.kv_heads,
        "rms_norm_eps": shape.eps,
        "rope_scaling": None,
        "rope_theta": shape.rope_theta,
        "sliding_window": None,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "use_sliding_window": False,
        "vocab_size": shape.vocabulary,
    }
    if eight_bit:
        found["quantization"] = {
            "group_size": weights.GROUP,
            "bits": weights.BITS,
            "mode": "affine",
        }
        found["quantization_config"] = found["quantization"]
    return dict(sorted(found.items()))


def generation(ids: dict[str, int]) -> dict:
    return {
        "bos_token_id": ids["<|endoftext|>"],
        "do_sample": True,
        "eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]],
        "pad_token_id": ids["<|endoftext|>"],
        "temperature": 0.3,
        "top_k": 20,
        "top_p": 0.9,
    }


def tokenizer_config(ids: dict[str, int]) -> dict:
    added = {
        str(ids[token]): {
            "content": token,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": token in CONTROL,
        }
        for token in SPECIAL
    }
    return {
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": added,
        "additional_special_tokens": CONTROL[1:],
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": CONTEXT,
        "pad_token": "<|endoftext|>",
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": None,
    }


def _write(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=4, ensure_ascii=False) + "\n")


def export(checkpoint: Path, folder: Path, eight_bit: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shape = Shape()
    model = Decoder(shape)
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["model"])
    if folder.resolve() != SHIPPED.resolve():
        for name in ("tokenizer.json", "chat_template.jinja"):
            shutil.copy(SHIPPED / name, folder / name)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL}
    _write(folder / "config.json", config(shape, ids, eight_bit))
    _write(folder / "generation_config.json", generation(ids))
    _write(folder / "tokenizer_config.json", tokenizer_config(ids))
    (weights.save_8bit if eight_bit else weights.save_plain)(model, folder)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--checkpoint", type=Path, default=Path("checkpoint.pt"))
    options.add_argument("--folder", type=Path, default=SHIPPED)
    options.add_argument(
        "--plain", action="store_true", help="bf16 in the Hugging Face layout, not 8 bit"
    )
    chosen = options.parse_args()
    export(chosen.checkpoint, chosen.folder, eight_bit=not chosen.plain)


if __name__ == "__main__":
    main()
