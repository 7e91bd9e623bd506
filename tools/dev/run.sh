# ./dev run: from a bare machine to a served model.

source tools/dev/build.sh

run_help() {
  cat <<'TEXT'
Usage: ./dev run [options of hearth serve]

Sets up and builds what is missing, then serves: ./dev run is build/release/bin/hearth serve.
Without --model it serves the demo model at http://127.0.0.1:8000.

  ./dev run --port 8123
  ./dev run --model ~/models/qwen3-4b
TEXT
}

run_main() {
  local began=$SECONDS
  setup_for build
  build_preset release hearth
  [[ $((SECONDS - began)) -gt 2 ]] && say "==> ready to serve after $((SECONDS - began)) s"
  exec build/release/bin/hearth serve "$@"
}
