#!/usr/bin/env python3
"""Holds the documents against the sources.

Paths they name exist, code they quote is there, links lead somewhere.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATH = re.compile(r"`((?:src|tools|tests|docs|web|bridge|cmake|assets|bench)/[\w./-]+)`")
QUOTE = re.compile(r"<!-- source: (\S+) -->\n```\w*\n(.*?)```", re.S)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def faults_of(page: pathlib.Path):
    text = page.read_text(encoding="utf-8")
    for path in PATH.findall(text):
        if not (ROOT / path.rstrip("/")).exists():
            yield f"names {path}, which does not exist"
    for source, quoted in QUOTE.findall(text):
        if quoted.strip() not in (ROOT / source).read_text(encoding="utf-8"):
            yield f"quotes {source}, which reads differently now"
    for link in LINK.findall(text):
        if not (page.parent / link).exists():
            yield f"links to {link}, which does not exist"


def main() -> int:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    faults = [f"{page.relative_to(ROOT)}: {fault}" for page in pages for fault in faults_of(page)]
    print("\n".join(faults) or f"{len(pages)} documents agree with the sources")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
