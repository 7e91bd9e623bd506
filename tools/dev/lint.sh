# ./dev lint: format, structure and the static analysers; changes nothing.

source tools/dev/fmt.sh
source tools/dev/build.sh

lint_parts="format structure docs rust web tidy"

lint_help() {
  cat <<'TEXT'
Usage: ./dev lint [PART...] [--all] [--base COMMIT]

Checks, all by default:
  format     clang-format-19 and cargo fmt
  structure  folder arrows as CMake names them, sizes, line widths, names of hosts and machines
  docs       paths that documents name exist, code they quote is there, links lead somewhere
  rust       clippy
  web        prettier, eslint, svelte-check, no colours beside the tokens
  tidy       clang-tidy-19 over the C++ files changed since the last landed commit; a file whose
             content was clean before is not looked at again

  --all          tidy: every file
  --base COMMIT  tidy: changed since this commit
  --budget N     tidy: begin no file after N seconds, and say which were left
TEXT
}

lint_format() {
  cpp_sources | xargs "$(clang_format)" --dry-run -Werror &&
    cargo fmt --manifest-path bridge/Cargo.toml --check
}

lint_structure() { "$(base_python)" tools/dev/lint_structure.py; }

lint_docs() { "$(base_python)" tools/dev/lint_docs.py; }

# Clippy takes the compiler's place for our own crate, built as bridge.unit builds it: of itself it
# would check a hundred crates that the build has compiled already.
lint_rust() {
  RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__ \
    cargo test --no-run --release --locked --quiet --manifest-path bridge/Cargo.toml \
    --target-dir build/cargo --config profile.release.package.hearth_bridge.opt-level=0
}

lint_web() { (cd web && npm run --silent lint && npm run --silent check); }

lint_tidy() {
  build_preset release all &&
    "$(base_python)" tools/dev/lint_tidy.py ${tidy_options[@]+"${tidy_options[@]}"}
}

lint_main() {
  local parts=() tidy_options=() failed=
  while [[ $# -gt 0 ]]; do
    case $1 in
      --all) tidy_options+=(--all) ;;
      --base) tidy_options+=(--base "${2:?--base needs a commit}") && shift ;;
      --budget) tidy_options+=(--budget "${2:?--budget needs seconds}") && shift ;;
      *)
        [[ " $lint_parts " == *" $1 "* ]] || { lint_help && die "lint does not know \"$1\""; }
        parts+=("$1")
        ;;
    esac
    shift
  done
  [[ ${#parts[@]} -gt 0 ]] || parts=($lint_parts)
  setup_for test
  local part
  for part in "${parts[@]}"; do stage "lint: $part" "lint_$part" || failed="$failed $part"; done
  [[ -z $failed ]] || die "lint found faults in:$failed"
}
