# ./dev check: exactly what CI runs.

check_help() {
  cat <<'TEXT'
Usage: ./dev check

Runs .ci/run as CI does: CI=true and nothing on standard input.
TEXT
}

check_main() { CI=true exec bash .ci/run </dev/null; }
