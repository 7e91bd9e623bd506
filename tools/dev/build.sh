# ./dev build: the web app (its output is embedded), then everything C++ and Rust, by CMake preset.

source tools/dev/setup.sh

build_help() {
  cat <<'TEXT'
Usage: ./dev build [PRESET] [TARGET...]

Sets up what is missing and builds into build/PRESET:
  release  what users run (default)        dev   assertions on, with all tests
  asan     address and undefined-behaviour sanitizers, without MLX
  tsan     thread sanitizer, without MLX

The program is build/PRESET/bin/hearth. HEARTH_JOBS=N compiles N files at once.
TEXT
}

# The web app into web/build, when one of its sources changed.
build_web() {
  [[ -f web/package.json ]] || return 0
  local key
  key=$(hash_folder web)
  is_stamped web-build "$key" && [[ -f web/build/index.html ]] && return 0
  stage "build the web app" run_web_build
  stamp web-build "$(hash_folder web)"
}

run_web_build() { (cd web && npm run --silent build); }

# configure PRESET: once, and again when the presets change. Other CMake changes are seen by ninja.
configure() {
  local key
  key=$(hash_files CMakePresets.json cmake/toolchain.cmake)
  is_stamped "configured-$1" "$key" && [[ -f build/$1/build.ninja ]] && return 0
  stage "configure $1" cmake --preset "$1" --log-level=NOTICE
  stamp "configured-$1" "$key"
}

# compile PRESET TARGET...
compile() {
  local preset=$1
  shift
  stage "compile $preset: $*" ninja -C "build/$preset" -j "$(parallel_jobs)" "$@"
}

# build_preset PRESET [TARGET...]
build_preset() {
  local preset=$1
  shift
  case $preset in dev | release) build_web ;; esac
  configure "$preset"
  if [[ $# -eq 0 ]]; then set -- all; fi
  compile "$preset" "$@"
}

build_main() {
  local preset=${1:-release}
  [[ $# -gt 0 ]] && shift
  case $preset in
    dev | release | asan | tsan) ;;
    *) build_help && die "there is no preset \"$preset\"" ;;
  esac
  if [[ $preset == release ]]; then setup_for build; else setup_for test; fi
  build_preset "$preset" "$@"
  say "==> build/$preset is up to date"
}
