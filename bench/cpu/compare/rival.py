"""llama.cpp's own bench programs: their command lines, and how their answers are read."""

import dataclasses
import json
import pathlib
import statistics

import plan

BENCH, BATCHED, QUANTISE = "llama-bench", "llama-batched-bench", "llama-quantize"
IN_PYTHON = pathlib.Path(__file__).with_name("rival_in_python.py")


@dataclasses.dataclass(frozen=True)
class Programs:
    """Those in a folder: the programs themselves, or a Python environment that has the package
    llama-cpp-python, which does the same."""

    folder: pathlib.Path

    def in_python(self) -> bool:
        return not (self.folder / BENCH).exists() and (self.folder / "bin/python").exists()

    def has(self, name: str) -> bool:
        return self.in_python() or (self.folder / name).exists()

    def command(self, name: str) -> list[str]:
        if self.in_python():
            return [str(self.folder / "bin/python"), "-B", str(IN_PYTHON), name]
        return [str(self.folder / name)]

    def version_command(self) -> list[str]:
        if self.in_python():
            return self.command("--version")
        return [*self.command(BENCH), "--version"]


def bench_command(programs: Programs, model: pathlib.Path, step: str, size: plan.Size,
                  threads: int) -> list[str]:
    """Of every step but `together`."""
    command = [*programs.command(BENCH), "-m", str(model), "-o", "json"]
    if step == "start":
        return [*command, "-t", f"{threads}", "-p", "1", "-n", "0", "-r", "1", "--no-warmup"]
    prompts = ",".join(map(str, size.prompts)) if step == "single" else "0"
    command += ["-p", prompts, "-n", f"{size.tokens}", "-r", f"{size.repeats}"]
    if step == "busy":
        return [*command, "-t", ",".join(str(count) for count in {threads, max(1, threads - 1)})]
    return [*command, "-t", f"{threads}", *(["-d", f"{size.depth}"] if step == "depth" else [])]


def batched_command(programs: Programs, model: pathlib.Path, size: plan.Size,
                    threads: int) -> list[str]:
    """Ends with a single stream, which nobody reads: the program may end before its last line is
    written."""
    room = max(size.streams) * (size.stream_prompt + size.stream_tokens)
    streams = ",".join(map(str, (*size.streams, 1)))
    return [*programs.command(BATCHED), "-m", str(model), "-c", f"{room}", "-npp",
            f"{size.stream_prompt}", "-ntg", f"{size.stream_tokens}", "-npl", streams, "-t",
            f"{threads}", "-tb", f"{threads}", "--output-format", "jsonl"]


def read_bench(text: str, step: str, threads: int) -> dict[str, dict[str, float]]:
    """What llama-bench printed as JSON, by workload. @raises ValueError where it is none."""
    found = {}
    for test in json.loads(text[max(0, text.find("[")):]):
        seconds = statistics.median(test["samples_ns"]) / 1e9
        tokens = test["n_prompt"] + test["n_gen"]
        name = plan.prefill(tokens) if test["n_prompt"] else plan.decode(test.get("n_depth", 0))
        if step == "busy":
            name = plan.BUSY if test["n_threads"] == threads else plan.BUSY_FEWER
        found[name] = {"rate": tokens / seconds, "ms": seconds * 1e3}
    return found


def read_batched(text: str, streams: tuple[int, ...]) -> dict[str, dict[str, float]]:
    """What llama-batched-bench printed about so many streams, as JSON lines or as its table.
    @raises ValueError where one of them is not there."""
    rates: dict[int, float] = {}
    columns: list[str] = []
    for line in text.splitlines():
        if line.startswith("{"):
            test = json.loads(line)
            rates[test["pl"]] = float(test["speed_tg"])
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|\n ").split("|")]
            if "S_TG t/s" in cells:
                columns = cells
            elif columns and cells[0].isdigit():
                test = dict(zip(columns, cells, strict=True))
                rates[int(test["B"])] = float(test["S_TG t/s"])
    missing = [str(count) for count in streams if count not in rates]
    if missing:
        raise ValueError(f"it printed no line for {', '.join(missing)} streams")
    return {plan.together(count): {"rate": rates[count]} for count in streams}
