# ./dev bench: builds the benchmarks and runs them.

source tools/dev/build.sh

bench_help() {
  cat <<'TEXT'
Usage: ./dev bench [NAME] [options of the benchmark]

Builds bench/ with the release preset's settings into build/bench and runs every benchmark, or only
build/bench/bench/NAME. Machines are noisy: compare runs on one machine, side by side.
TEXT
}

bench_main() {
  local name=
  if [[ $# -gt 0 && $1 != -* ]]; then name=$1 && shift; fi
  setup_for test
  build_web
  if [[ ! -f build/bench/build.ninja ]]; then
    stage "configure bench" cmake --preset release -B build/bench -DHEARTH_BENCH=ON \
      --log-level=NOTICE
  fi
  stage "compile bench" ninja -C build/bench -j "$(parallel_jobs)" bench/all
  if [[ -n $name ]]; then exec "build/bench/bench/$name" "$@"; fi
  local program found=
  for program in build/bench/bench/*_bench; do
    [[ -x $program ]] || continue
    found=yes
    stage "$(basename "$program")" "$program" "$@"
  done
  [[ -n $found ]] || die "bench/ builds no program: it has no CMakeLists.txt with benchmarks yet"
}
