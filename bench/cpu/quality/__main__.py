"""What do cheaper numbers do to a model's answers? `./dev bench quality --help` says more."""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bench" / "compare"))

import machine
import measures
import packing
import texts

BOUNDS = {"kl_mean": 0.005, "clear_agreement": 0.99, "perplexity_change": 0.005}


@dataclasses.dataclass(frozen=True)
class Setting:
    """One way to compute: the first of the list is the reference."""

    name: str
    environment: dict[str, str]
    flags: tuple[str, ...] = ()


SETTINGS = [
    Setting("24-bit activations", {"HEARTH_ACTIVATIONS": "24-bit"}),
    Setting("weights in float32", {}, ("--unpacked",)),
    Setting("16-bit activations", {"HEARTH_ACTIVATIONS": "16-bit"}),
    Setting("8-bit activations", {"HEARTH_ACTIVATIONS": "8-bit"}),
    Setting("8-bit keys and values", {"HEARTH_ACTIVATIONS": "24-bit"}, ("--kv-bits", "8")),
    Setting("4-bit keys and values", {"HEARTH_ACTIVATIONS": "24-bit"}, ("--kv-bits", "4")),
    Setting("8-bit activations, keys and values", {"HEARTH_ACTIVATIONS": "8-bit"},
            ("--kv-bits", "8")),
]


@dataclasses.dataclass(frozen=True)
class Case:
    """A model and a text of its kind."""

    name: str
    folder: pathlib.Path
    text: pathlib.Path
    flags: tuple[str, ...] = ()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench quality", description="""
        Reads texts with the same model under several settings of the engine and compares its
        next-token distributions with those of the most exact setting. Without --model: the demo
        model and, where ../shared/data is there, stories260K, with weights of 8 and of 4 bits.""")
    parser.add_argument("--model", type=pathlib.Path, metavar="FOLDER", help="another packed model")
    parser.add_argument("--text", type=pathlib.Path, metavar="FILE",
                        help=f"documents for it, with {texts.SEPARATOR} between them")
    parser.add_argument("--most", type=int, default=6000, help="tokens that count, per text")
    parser.add_argument("--chunk", type=int, default=512, help="tokens of a step; 1: as decoding")
    parser.add_argument("--program", type=pathlib.Path,
                        default=ROOT / "build" / "release" / "bin" / "hearth-engine-bench")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench" / "results")
    parser.add_argument("--note", default="", help="a sentence for the report")
    chosen = parser.parse_args()
    if bool(chosen.model) != bool(chosen.text):
        parser.error("--model and --text go together")
    return chosen


def demo_cases(home: pathlib.Path) -> list[Case]:
    shipped = ROOT / "assets" / "hearth-demo"
    text = home / "conversations.txt"
    text.write_text(texts.conversations(400))
    flags = ("--begin", texts.ANSWER_BEGINS, "--end", texts.ANSWER_ENDS, "--window", "1024")
    four = packing.repack(shipped, home / "demo-4", 4, 64)
    return [Case("hearth-demo, 8 bit, answers", shipped, text, flags),
            Case("hearth-demo, 4 bit, answers", four, text, flags),
            Case("hearth-demo, 4 bit, whole conversations", four, text, flags[4:])]


def story_cases(home: pathlib.Path) -> list[Case]:
    model, text = texts.shared("stories260K/hf-f32"), texts.shared("text/tinystories_sample.txt")
    if not model or not text:
        print("stories260K is left out: there is no ../shared/data with it and its text")
        return []
    found = [Case(f"stories260K, {bits} bit, stories",
                  packing.repack(model, home / f"stories-{bits}", bits, 32), text)
             for bits in (8, 4)]
    articles = texts.shared("text/wikitext-2/test.txt")
    return [*found, Case("stories260K, 4 bit, articles", found[1].folder, articles)] \
        if articles else found


def run(case: Case, setting: Setting, out: pathlib.Path, chosen: argparse.Namespace) -> dict:
    """One process of its own: settings are read when a process begins."""
    command = [str(chosen.program), "distributions", str(case.folder), "--text", str(case.text),
               "--separator", texts.SEPARATOR, "--out", str(out), "--most", str(chosen.most),
               "--chunk", str(chosen.chunk), *case.flags, *setting.flags]
    done = subprocess.run(command, env=os.environ | setting.environment, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {case.name}, {setting.name}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def run_case(case: Case, home: pathlib.Path, chosen: argparse.Namespace) -> list[dict]:
    found = []
    for number, setting in enumerate(SETTINGS):
        out = home / ("reference" if number == 0 else "other")
        about = run(case, setting, out, chosen)
        if number == 0:
            reference = measures.read(out, about["vocabulary"])
            continue
        figures = measures.compare(reference, measures.read(out, about["vocabulary"]))
        found.append({"case": case.name, "setting": setting.name, "kernels": about["kernels"],
                      **figures})
        print(line(found[-1]), flush=True)
    return found


def holds(row: dict) -> bool:
    return (row["kl_mean"] <= BOUNDS["kl_mean"]
            and row["clear_agreement"] >= BOUNDS["clear_agreement"]
            and abs(row["perplexity_change"]) <= BOUNDS["perplexity_change"])


HEAD = ["model", "setting", "tokens", "KL mean", "KL p99", "arg-max agrees",
        "where clear", "perplexity", "change", "within the bounds"]


def line(row: dict) -> str:
    cells = [row["case"], row["setting"], f"{row['tokens']}", f"{row['kl_mean']:.2e}",
             f"{row['kl_p99']:.2e}", f"{row['agreement']:.2%}",
             f"{row['clear_agreement']:.3%} of {row['clear']}", f"{row['perplexity']:.4f}",
             f"{row['perplexity_change']:+.3%}", "yes" if holds(row) else "**no**"]
    return "| " + " | ".join(cells) + " |"


def markdown(rows: list[dict], note: str) -> str:
    about = [f"- {name}: {value}" for name, value in machine.describe().items()]
    paths = {row["kernels"]["path"] for row in rows}
    method = (f"Every setting is a process of its own; it reads the same text and is compared with "
              f"\"{SETTINGS[0].name}\", token by token. Kernels: {', '.join(sorted(paths))}. "
              "\"Where clear\": where the reference's likeliest token leads by more than "
              f"{measures.CLEAR_MARGIN} in probability. Bounds: mean KL {BOUNDS['kl_mean']}, "
              f"agreement where clear {BOUNDS['clear_agreement']:.0%}, perplexity "
              f"{BOUNDS['perplexity_change']:.1%}.")
    return "\n".join([f"# What cheaper numbers do to answers, {datetime.date.today()}", "",
                      *([note, ""] if note else []), *about, "", method, "",
                      "| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|",
                      *(line(row) for row in rows), ""])


def main() -> None:
    chosen = read_arguments()
    with tempfile.TemporaryDirectory(prefix="hearth-quality-") as place:
        home = pathlib.Path(place)
        if chosen.model:
            cases = [Case(chosen.model.name, chosen.model, chosen.text)]
        else:
            cases = demo_cases(home) + story_cases(home)
        rows = [row for case in cases for row in run_case(case, home, chosen)]
    text = markdown(rows, chosen.note)
    chosen.out.mkdir(parents=True, exist_ok=True)
    target = chosen.out / f"{datetime.date.today()}-quality.md"
    target.write_text(text)
    print(text)
    print(f"Written: {target}")


if __name__ == "__main__":
    main()
