# Packs a folder of web files into one blob with an index in C++, each file plain, gzip and brotli.
"""Called by Assets.cmake. Writes <out>/<symbol>.{blob,S,cpp} and <out>/embedded/<symbol>.h."""

import argparse
import gzip
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".wasm": "application/wasm",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".pdf": "application/pdf",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
}
# Compressed already: a second time only costs the client time.
PACKED = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".woff", ".woff2", ".mp3", ".pdf"}
SMALL = 1024  # bytes; below this one network packet holds the file anyway


@dataclass
class Entry:
    """One file: its forms as (offset, length) within the blob."""

    path: str
    content_type: str
    etag: str
    forms: list[tuple[int, int]]
    immutable: bool


def compressed(content: bytes, suffix: str, brotli: str) -> tuple[bytes, bytes]:
    """The gzip and brotli forms; empty where they would not be worth it."""
    if len(content) < SMALL or suffix in PACKED:
        return b"", b""
    zipped = gzip.compress(content, 9, mtime=0)
    pressed = subprocess.run(
        [brotli, "-q", "11", "-c", "-"], input=content, stdout=subprocess.PIPE, check=True
    ).stdout
    worth = len(content) * 0.95
    return (zipped if len(zipped) < worth else b""), (pressed if len(pressed) < worth else b"")


def pack(folder: Path, brotli: str) -> tuple[bytes, list[Entry]]:
    """Reads every file below the folder, in the order of the names."""
    blob = bytearray()
    entries = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        forms = []
        for form in (content, *compressed(content, file.suffix.lower(), brotli)):
            forms.append((len(blob), len(form)))
            blob += form
        path = "/" + file.relative_to(folder).as_posix()
        entries.append(
            Entry(
                path=path,
                content_type=CONTENT_TYPES.get(file.suffix.lower(), "application/octet-stream"),
                etag='"' + hashlib.sha256(content).hexdigest()[:20] + '"',
                forms=forms,
                immutable="/_app/immutable/" in path,
            )
        )
    return bytes(blob), entries


def index_source(symbol: str, entries: list[Entry]) -> str:
    """The C++ file that names every form."""
    lines = []
    for entry in entries:
        views = ", ".join(
            f"{{{symbol}_blob + {offset}, {length}}}" if length else "{}"
            for offset, length in entry.forms
        )
        texts = ", ".join(json.dumps(text) for text in (entry.path, entry.content_type, entry.etag))
        lines.append(f"    {{{texts}, {views}, {'true' if entry.immutable else 'false'}}},")
    table = "\n".join(lines)
    return f"""// Written by the build: the files behind hearth::embedded::{symbol}().
#include "embedded/{symbol}.h"

extern "C" const char {symbol}_blob[];

namespace {{
const hearth::http::Asset kFiles[] = {{
{table}
}};
}}  // namespace

namespace hearth::embedded {{
std::span<const http::Asset> {symbol}() {{ return kFiles; }}
}}  // namespace hearth::embedded
"""


def header_source(symbol: str) -> str:
    return f"""// Written by the build: files that live inside the program.
#pragma once

#include <span>

#include "http/assets.h"

namespace hearth::embedded {{
std::span<const http::Asset> {symbol}();
}}  // namespace hearth::embedded
"""


def assembler_source(symbol: str, blob: Path) -> str:
    return f"""#ifdef __APPLE__
.const_data
.globl _{symbol}_blob
.balign 16
_{symbol}_blob:
#else
.section .rodata
.globl {symbol}_blob
.balign 16
{symbol}_blob:
#endif
.incbin {json.dumps(str(blob))}
.byte 0
#ifdef __linux__
.section .note.GNU-stack, "", %progbits
#endif
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("folder", "symbol", "out", "brotli"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    folder, out, symbol = Path(arguments.folder), Path(arguments.out), arguments.symbol
    blob, entries = pack(folder, arguments.brotli)
    if not any(entry.path == "/index.html" for entry in entries):
        print(f"{folder} holds no index.html: build the web app first", file=sys.stderr)
        return 1
    (out / "embedded").mkdir(parents=True, exist_ok=True)
    blob_file = out / f"{symbol}.blob"
    blob_file.write_bytes(blob)
    (out / f"{symbol}.S").write_text(assembler_source(symbol, blob_file))
    (out / f"{symbol}.cpp").write_text(index_source(symbol, entries))
    (out / "embedded" / f"{symbol}.h").write_text(header_source(symbol))
    return 0


if __name__ == "__main__":
    sys.exit(main())
