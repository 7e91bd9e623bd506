# ./dev fuzz: odd requests to every endpoint of the real program, held against its own description.

source tools/dev/build.sh

fuzz_help() {
  cat <<'TEXT'
Usage: ./dev fuzz [--examples N] [--seconds N] [--seed N]

Serves the demo model beside a Hub of its own, and lets schemathesis ask each endpoint of
/openapi.json what it allows and forbids: no answer may be a fault of the server, have a status that
is not described, or another form than the description says. ./dev test has a short run of it.

  --examples N   so many random questions per endpoint (default 50)
  --seconds N    ends after so long (default 600)
  --seed N       which ones (default 1)
TEXT
}

fuzz_main() {
  setup_for test
  build_preset release hearth
  stage "fuzz" env HEARTH_BIN="$root/build/release/bin/hearth" "$venv_python" -B \
    tests/hub/schema_fuzz.py "$@"
}
