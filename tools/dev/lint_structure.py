"""Checks what no compiler checks: folder arrows, sizes, widths, and names that must not be here.

    python tools/dev/lint_structure.py        prints `file:line: fault`, exits 1 if there is any

Arrows: a header of src/<folder> includes only folders named by DEPENDS of its CMakeLists.txt, a
source also those of PRIVATE, a test also those of TEST_DEPENDS. What a named folder depends on is
not included with it: who uses a folder names it. MLX only where the house plan allows it.
"""

import ast
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE_LINES, FUNCTION_LINES, WIDTH = 400, 60, 100

SIZED = {".cpp", ".h", ".rs", ".py", ".sh", ".ts", ".svelte", ".js", ".mjs", ".css", ".proto",
         ".cmake"}
WIDE = {".cpp", ".h", ".rs", ".py", ".sh", ".proto"}
BINARY = {".png", ".safetensors", ".gguf", ".f32", ".woff2", ".ico", ".bin", ".gz", ".jpg", ".npy"}
MLX_FOLDERS = {"kernels", "nn", "models", "quality", "convert"}

# Hosts of package registries and mirrors, and folders that exist only on somebody's machine.
REGISTRY = re.compile(
    r"https?://[\w.-]*(registry|pypi|python[h]osted|npmjs|artifact|jfrog|mirror|snapshot\.debian)")
MACHINE = re.compile(r"(?<![\w.$}/-])/(?:(?:work|root|opt)/|(?:home|Users)/\w+/)")
CRATES_INDEX = "registry+https://github.com/rust-lang/crates.io-index"  # how Cargo.lock names it

FAULTS: list[str] = []


def fault(path: pathlib.Path, line: int, text: str) -> None:
    FAULTS.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def tracked_files() -> list[pathlib.Path]:
    """Everything that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True).stdout.decode()
    paths = (ROOT / name for name in listed.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def arrows_of(cmake: str) -> dict[str, set[str]]:
    """The folders that each keyword of hearth_module names; several calls (#if) are united."""
    arrows: dict[str, set[str]] = {"DEPENDS": set(), "PRIVATE": set(), "TEST_DEPENDS": set()}
    for call in re.findall(r"hearth_module\(([^)]*)\)", re.sub(r"#.*", "", cmake)):
        keyword = ""
        for word in call.split()[1:]:
            if word.isupper():
                keyword = word
            elif keyword in arrows and word.startswith("hearth::"):
                arrows[keyword].add(word.removeprefix("hearth::"))
    return arrows


def check_arrows(path: pathlib.Path, lines: list[str], folders: dict[str, dict]) -> None:
    inside = path.relative_to(ROOT / "src")
    folder = inside.parts[0]
    arrows = folders[folder]
    allowed = {folder} | arrows["DEPENDS"]
    # engine/local/ is the inside of engine: its headers are included by its own sources alone.
    inner = path.suffix == ".cpp" or inside.as_posix().startswith("engine/local/")
    if inner:
        allowed |= arrows["PRIVATE"]
    if path.name.endswith("_test.cpp"):
        allowed |= arrows["TEST_DEPENDS"]
    mlx = folder in MLX_FOLDERS or inside.as_posix().startswith("engine/local/")
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s*["<]([\w.]+)/', line)
        if not found:
            continue
        target = found[1]
        if target == "mlx" and not mlx:
            fault(path, number, f"{folder} may not include MLX")
        elif target in folders and target not in allowed:
            keyword = "DEPENDS or PRIVATE" if inner else "DEPENDS"
            fault(path, number, f"{folder} includes {target}, which is not among {keyword} of "
                                f"src/{folder}/CMakeLists.txt")


def check_own_header_first(path: pathlib.Path, lines: list[str]) -> None:
    """x.cpp proves that x.h stands alone: nothing is included before it."""
    header = path.with_suffix(".h")
    if path.suffix != ".cpp" or not header.exists():
        return
    own = f'#include "{header.relative_to(ROOT / "src").as_posix()}"'
    number, first = next(((number, line) for number, line in enumerate(lines, 1)
                          if re.match(r"\s*#\s*include\b", line)), (1, ""))
    if first != own:
        fault(path, number, f"the first include must be {own}")


def check_size(path: pathlib.Path, lines: list[str]) -> None:
    if path.suffix in SIZED and len(lines) > FILE_LINES:
        fault(path, FILE_LINES, f"{len(lines)} lines, more than {FILE_LINES}: split the file")
    if path.suffix in WIDE:
        for number, line in enumerate(lines, 1):
            table = path.suffix == ".py" and re.match(r"\s*[\[({]*[rf]*[\"']", line)
            if len(line) > WIDTH and not table:  # a table of texts reads best with a text a line
                fault(path, number, f"{len(line)} columns, more than {WIDTH}")


def check_functions(path: pathlib.Path, text: str, lines: list[str]) -> None:
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                check_length(path, node.lineno, node.end_lineno or node.lineno)
    elif path.suffix in {".cpp", ".h", ".rs"}:
        for first, last in brace_functions(lines, path.suffix):
            check_length(path, first, last)


def check_length(path: pathlib.Path, first: int, last: int) -> None:
    if last - first + 1 > FUNCTION_LINES:
        fault(path, first, f"a function of {last - first + 1} lines, more than {FUNCTION_LINES}")


def brace_functions(lines: list[str], suffix: str) -> list[tuple[int, int]]:
    """First and last line of each function body. Formatted sources close a block at its indent."""
    rust = re.compile(r"(\s*)(pub(\([a-z]+\))? )?(unsafe |const |extern \"C\" )*fn ")
    cpp = re.compile(r"( {0,4})[\w:~<>&*\[].*[)\w>] ?(const|noexcept|override|final| )*\{$")
    skip = re.compile(r"\s*(namespace|struct|class|enum|union|extern|if|for|while|switch|do|else|"
                      r"return|case|default|const auto|auto|static const|constexpr)\b")
    found, number = [], 0
    while number < len(lines):
        line = lines[number]
        match = rust.match(line) if suffix == ".rs" else cpp.match(line)
        first = number if suffix == ".rs" else signature_start(lines, number)
        if match and (suffix == ".rs" or not skip.match(lines[first])):
            last = closing_line(lines, number, re.match(r"\s*", lines[first])[0])
            if last is not None:
                found.append((number + 1, last + 1))
                number = last
        number += 1
    return found


def signature_start(lines: list[str], number: int) -> int:
    """The first line of the declaration that line `number` ends."""
    while number > 0 and re.search(r"[^;{}:>\s]\s*$", lines[number - 1]) \
            and not re.match(r"\s*(//|#)", lines[number - 1]):
        number -= 1
    return number


def closing_line(lines: list[str], first: int, indent: str) -> int | None:
    for number in range(first, len(lines)):
        if re.match(re.escape(indent) + r"\}", lines[number]):
            return number
        if number > first and lines[number].startswith(indent + "fn "):
            return None  # a declaration without a body
    return None


def check_names(path: pathlib.Path, lines: list[str]) -> None:
    for number, line in enumerate(lines, 1):
        if REGISTRY.search(line) and CRATES_INDEX not in line:
            fault(path, number, "names the host of a package registry")
        if MACHINE.search(line):
            fault(path, number, "names a folder of somebody's machine")


def check_first_line(path: pathlib.Path, lines: list[str]) -> None:
    if path.suffix in {".cpp", ".h"} and not (lines and re.match(r"//+ \S", lines[0])):
        fault(path, 1, "the first line does not say what the file is for")


def check(path: pathlib.Path, folders: dict[str, dict]) -> None:
    if path.suffix in BINARY:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    lines = text.splitlines()
    generated = path.name in {"package-lock.json", "Cargo.lock"} or "assets" in path.parts
    if path != pathlib.Path(__file__).resolve() and not generated:
        check_names(path, lines)
    if generated:
        return
    check_size(path, lines)
    check_functions(path, text, lines)
    check_first_line(path, lines)
    inside_src = path.is_relative_to(ROOT / "src") and path.suffix in {".cpp", ".h"}
    if inside_src and path.relative_to(ROOT / "src").parts[0] in folders:
        check_arrows(path, lines, folders)
        check_own_header_first(path, lines)


def main() -> int:
    folders = {cmake.parent.name: arrows_of(cmake.read_text())
               for cmake in (ROOT / "src").glob("*/CMakeLists.txt")}
    files = tracked_files()
    for path in files:
        check(path, folders)
    print("\n".join(FAULTS) if FAULTS else f"structure: {len(files)} files, no fault")
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main())
