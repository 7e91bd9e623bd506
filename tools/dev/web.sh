# ./dev web: the web app's development server.

source tools/dev/setup.sh

web_help() {
  cat <<'TEXT'
Usage: ./dev web [--server URL] [options of vite]

Serves web/ with hot reload and passes API calls on to a running hearth
(default http://127.0.0.1:8000, or $HEARTH_URL). Start that one beside it: ./dev run
TEXT
}

web_main() {
  if [[ ${1:-} == --server ]]; then
    export HEARTH_URL=${2:?--server needs a URL}
    shift 2
  fi
  setup_for build
  cd web
  exec npm run --silent dev -- "$@"
}
