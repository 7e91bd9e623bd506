"""Keeps what a comparison found: its table to be read, and the runs that it was made of."""

import json
import pathlib


def keep(stem: pathlib.Path, table: str, about: dict, runs: object) -> None:
    """Writes STEM.md and STEM.json, makes their folder, and prints the table."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(f"{stem}.json").write_text(json.dumps({"about": about, "runs": runs}, indent=1))
    pathlib.Path(f"{stem}.md").write_text(table)
    print(table)
    print(f"Written: {stem}.md and .json")
