"""The benchmarks' folders of Python modules, which are not installed."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in ("bench/compare", "bench/cpu/compare", "bench/cpu/quality"):
    sys.path.insert(0, str(ROOT / folder))
