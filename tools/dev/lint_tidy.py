"""clang-tidy over the C++ files that changed, each looked at once for each content.

    python tools/dev/lint_tidy.py --build build/release [--all] [--base COMMIT] [--budget SECONDS]

A file counts as changed when it, or a header of ours that it includes, differs from the base: the
commit given, else where this branch left its upstream, else the commit before the last. A file that
was clean with exactly these headers and checks is remembered in the user's cache folder and not
looked at again. What differs itself comes before what only includes it, and tests come last; with a
budget no file is begun after so many seconds, and the rest is named. Files are read without
precompiled headers, so that an include which is missing is found.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRECOMPILED = re.compile(r" -Winvalid-pch -Xclang -include-pch -Xclang \S+"
                         r" -Xclang -include -Xclang \S+")
UNITY = "/Unity/unity_"  # CMake's name for several sources in one
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "hearth/tidy"


def output_of(*command: str) -> str | None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def base_commit() -> str | None:
    """Where this branch left its upstream, or the commit before the last if it did not."""
    head = output_of("git", "rev-parse", "HEAD")
    for upstream in ("@{upstream}", "origin/HEAD", "origin/main"):
        fork = output_of("git", "merge-base", "HEAD", upstream)
        if fork and fork != head:
            return fork
    return output_of("git", "rev-parse", "HEAD^1")


def changed_files(base: str | None) -> set[str]:
    if base is None:  # no history to compare with: everything is new
        return set((output_of("git", "ls-files") or "").splitlines())
    changed = (output_of("git", "diff", "--name-only", base) or "").splitlines()
    untracked = (output_of("git", "ls-files", "--others", "--exclude-standard") or "").splitlines()
    return set(changed) | set(untracked)


def compiled_files(build: pathlib.Path) -> list[dict]:
    """build's compile_commands.json, with an entry for each source that is compiled with others."""
    entries = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if UNITY in entry["file"]:
            together = pathlib.Path(entry["file"]).read_text()
            entries += [entry | {"file": source, "unit": entry["file"]}
                        for source in re.findall(r'#include "([^"]+)"', together)]
        else:
            entries.append(entry | {"unit": entry["file"]})
    return entries


def own_headers(build: pathlib.Path) -> dict[str, set[str]]:
    """For each object that ninja has built: the files of ours it was made from."""
    headers: dict[str, set[str]] = {}
    current = None
    for line in (output_of("ninja", "-C", str(build), "-t", "deps") or "").splitlines():
        if line.startswith("    ") and current is not None:
            path = pathlib.Path(os.path.realpath(build / line.strip()))
            if path.is_relative_to(ROOT) and "build" not in path.relative_to(ROOT).parts[:1]:
                headers[current].add(str(path.relative_to(ROOT)))
        elif ": #deps" in line:
            current = line.split(":")[0]
            headers[current] = set()
        else:
            current = None
    return headers


def units(build: pathlib.Path) -> dict[str, set[str]]:
    """Each source of ours that is compiled, with every file of ours it is made from.

    Names are relative to ROOT. What ninja has not built may be made from any header.
    """
    made_from = own_headers(build)
    any_header = {str(path.relative_to(ROOT)) for path in (ROOT / "src").rglob("*.h")}
    found = {}
    for entry in compiled_files(build):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT / "src"):
            continue
        name = str(path.relative_to(ROOT))
        output = re.search(r" -o (\S+)", entry.get("command", ""))
        headers = made_from.get(output[1] if output else "", any_header)
        found[name] = {file for file in headers if not file.endswith(".cpp")} | {name}
    return found


def commands_without_precompiled(build: pathlib.Path) -> pathlib.Path:
    """A folder whose compile_commands.json is `build`'s, each file with its own includes alone."""
    folder = build / "tidy"
    folder.mkdir(exist_ok=True)
    alone = []
    for entry in compiled_files(build):
        command = PRECOMPILED.sub("", entry["command"])
        alone.append({"directory": entry["directory"], "file": entry["file"],
                      "command": command.replace(entry["unit"], entry["file"])})
    (folder / "compile_commands.json").write_text(json.dumps(alone))
    return folder


def content_key(tidy: str, files: set[str]) -> str:
    key = hashlib.sha256(tidy.encode())
    for name in sorted(files):
        key.update(name.encode())
        key.update((ROOT / name).read_bytes())
    return key.hexdigest()


def run_tidy(program: str, build: pathlib.Path, name: str) -> tuple[str, bool, str]:
    done = subprocess.run([program, "-p", str(build), "--quiet", name], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    return name, done.returncode == 0, done.stdout + (done.stderr if done.returncode else "")


def lint(program: str, build: pathlib.Path, todo: dict[str, str], budget: float | None) -> bool:
    """Looks at each file of `todo` (name -> cache key); true if all were clean."""
    began, clean, left = time.monotonic(), True, []

    def one(name: str):
        if budget is not None and time.monotonic() - began > budget:
            return name, None, ""
        return run_tidy(program, commands, name)

    commands = commands_without_precompiled(build)
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        for name, good, text in pool.map(one, todo):
            if good is None:
                left.append(name)
            elif good:
                CACHE.mkdir(parents=True, exist_ok=True)
                (CACHE / todo[name]).touch()
            else:
                clean = False
                print(text)
    if left:
        print(f"clang-tidy: the {budget:.0f} s are over; not looked at: {' '.join(left)}\n"
              "            (./dev lint tidy looks at them without a limit)")
    return clean


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--base")
    parser.add_argument("--budget", type=float)
    options = parser.parse_args()
    build = options.build.resolve()

    program = "clang-tidy-19" if output_of("clang-tidy-19", "--version") else "clang-tidy"
    tidy = (output_of(program, "--version") or "") + (ROOT / ".clang-tidy").read_text()
    every = units(build)
    base = options.base or base_commit()
    changed = None if options.all else changed_files(base)
    wanted = {name for name, files in every.items() if changed is None or files & changed}
    first = sorted(wanted, key=lambda name: (name not in (changed or ()), "_test." in name, name))
    keys = {name: content_key(tidy, every[name]) for name in first}
    todo = {name: key for name, key in keys.items() if not (CACHE / key).exists()}
    since = "" if options.all else f" changed since {(base or 'the beginning')[:10]}"
    print(f"clang-tidy: {len(every)} files, {len(wanted)}{since}, "
          f"{len(wanted) - len(todo)} known to be clean, {len(todo)} to look at", flush=True)
    return 0 if lint(program, build, todo, options.budget) else 1


if __name__ == "__main__":
    sys.exit(main())
