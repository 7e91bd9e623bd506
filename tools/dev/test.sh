# ./dev test: builds everything with its tests and runs them all under one ctest.

source tools/dev/build.sh

test_help() {
  cat <<'TEXT'
Usage: ./dev test [--fast] [FILTER]

Sets up and builds what is missing, then runs every test and closes with ctest's summary:
  lint     format, structure, clang-tidy over changed files (4 minutes), Rust and web linters
  unit     every src/<folder>'s tests, with the goldens; the bridge's; the web app's
  house    forbidden includes do not compile, every header compiles alone
  api      the real program, driven by the openai client and by plain HTTP
  e2e      the real program in a real browser
  asan, tsan   the folders without MLX again under the sanitizers, the HTTP layer among them

  --fast   unit tests only, nothing else is built
  FILTER   only tests whose name matches this regular expression, without sanitizers:
           ./dev test '^http\.'   ./dev test api
TEXT
}

# The sanitized programs become tests of the release ctest: tests/CMakeLists.txt finds them.
build_sanitized() {
  build_preset asan
  build_preset tsan
}

run_ctest() {
  # No stage here: ctest's own summary closes the output.
  say "==> run the tests: ctest $*"
  ctest --test-dir build/release -j2 --output-on-failure --no-tests=error "$@"
}

test_main() {
  local fast= filter= argument began=$SECONDS
  for argument in "$@"; do
    case $argument in
      --fast) fast=yes ;;
      -*) test_help && die "test does not know \"$argument\"" ;;
      *) filter=$argument ;;
    esac
  done
  setup_for test
  if [[ -n $fast ]]; then
    build_preset release all
    run_ctest -L 'unit|http' -LE sanitized ${filter:+-R "$filter"}
    return
  fi
  build_preset release all hearth_headers
  if [[ -n $filter ]]; then
    run_ctest -R "$filter" -LE sanitized
    return
  fi
  build_sanitized
  say "==> set up and built after $((SECONDS - began)) s"
  run_ctest
}
