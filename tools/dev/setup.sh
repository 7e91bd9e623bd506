# ./dev setup: everything the project needs on this machine; does only what is missing.

source tools/dev/setup/packages.sh
source tools/dev/setup/python.sh
source tools/dev/setup/mlx.sh
source tools/dev/setup/rust.sh
source tools/dev/setup/node.sh

setup_help() {
  cat <<'TEXT'
Usage: ./dev setup [--build-only]

Installs what is missing, says what it does, and is quick when nothing is missing:
  packages   from Debian 12 or Homebrew (tools/dev/packages-*.txt); asks sudo if you are not root
  python     build/venv with the pinned clients of the API tests
  mlx        the pinned MLX wheel, checked by its hash, in build/deps/mlx
  rust       Debian's cargo-web where there is no cargo >= 1.87
  node       a pinned Node 22 in build/deps/node where there is no Node >= 20.19
  web        the web app's npm packages, as web/package-lock.json names them

  --build-only   leave out what only ./dev test and ./dev lint need
TEXT
}

# setup_for build|test
setup_for() {
  local purpose=$1
  setup_packages "$purpose"
  setup_rust "$purpose"
  setup_python "$purpose"
  setup_mlx
  setup_node
  setup_web
}

setup_main() {
  local purpose=test
  case ${1:-} in
    --build-only) purpose=build ;;
    '') ;;
    *) setup_help && die "setup does not know \"$1\"" ;;
  esac
  local began=$SECONDS
  setup_for "$purpose"
  say "==> set-up: everything is in place ($((SECONDS - began)) s)"
}
