# ./dev fmt: formats every source file in place.

source tools/dev/setup.sh

fmt_help() {
  cat <<'TEXT'
Usage: ./dev fmt

Formats in place: C++ with clang-format-19, Rust with cargo fmt, the web app with prettier.
TEXT
}

clang_format() { if have clang-format-19; then say clang-format-19; else say clang-format; fi; }

# Every C++ source that is ours.
cpp_sources() {
  find src tests bench bridge/include \( -name '*.cpp' -o -name '*.h' \) -type f | sort
}

fmt_main() {
  setup_for test
  stage "clang-format" fmt_cpp
  stage "cargo fmt" cargo fmt --manifest-path bridge/Cargo.toml
  stage "prettier" fmt_web
}

fmt_cpp() { cpp_sources | xargs "$(clang_format)" -i; }

fmt_web() { (cd web && npm run --silent format -- --log-level=warn); }
