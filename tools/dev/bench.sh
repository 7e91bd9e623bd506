# ./dev bench: builds the benchmarks and runs them.

source tools/dev/build.sh

bench_help() {
  cat <<'TEXT'
Usage: ./dev bench [NAME] [options of the benchmark]
       ./dev bench cpu [--quick] [--rival DIR] [options]
       ./dev bench quality [options]
       ./dev bench server [--quick] [--rival DIR] [options]

Builds bench/ with the release preset's settings into build/bench and runs every benchmark, or only
build/bench/bench/NAME. Machines are noisy: compare runs on one machine, side by side.

`kernels` measures the machine's roofs first and holds the CPU kernels against them.

`cpu` runs generated models in our engine, without a server, and in the llama-bench and
llama-batched-bench that lie in DIR, and prints tables of ratios; `quality` says what cheaper
numbers (activations, keys and values) do to a model's next tokens. Both write to bench/results.
More in bench/cpu/README.md and by `./dev bench cpu -- --help`, `./dev bench quality -- --help`.

`server` is another thing: it puts workloads on build/release/bin/hearth over HTTP, and on the
llama-server that lies in DIR, with the same generated weights, and prints tables of ratios; they
are also written to bench/results. --quick takes about five minutes on a quiet machine. More in
bench/server/README.md and by `./dev bench server -- --help`.
TEXT
}

bench_main() {
  local name=
  if [[ $# -gt 0 && $1 != -* ]]; then name=$1 && shift; fi
  case $name in
    server) bench_compared bench/server/compare "hearth hearth_load_client" "$@" ;;
    cpu) bench_compared bench/cpu/compare hearth_engine_bench_program "$@" ;;
    quality) bench_compared bench/cpu/quality hearth_engine_bench_program "$@" ;;
    *) bench_programs "$name" "$@" ;;
  esac
}

# Google Benchmark's programs: one, or all of them.
bench_programs() {
  local name=$1
  shift
  setup_for test
  build_web
  if [[ ! -f build/bench/build.ninja ]]; then
    stage "configure bench" cmake --preset release -B build/bench -DHEARTH_BENCH=ON \
      --log-level=NOTICE
  fi
  stage "compile bench" ninja -C build/bench -j "$(parallel_jobs)" bench/all
  if [[ -x build/bench/bench/${name}_bench ]]; then name=${name}_bench; fi
  if [[ -n $name ]]; then exec "build/bench/bench/$name" "$@"; fi
  local program found=
  for program in build/bench/bench/*_bench; do
    [[ -x $program ]] || continue
    found=yes
    stage "$(basename "$program")" "$program" "$@"
  done
  [[ -n $found ]] || die "bench/ builds no program: it has no CMakeLists.txt with benchmarks yet"
}

# bench_compared FOLDER TARGETS [OPTION...]: builds the targets and runs the Python folder.
bench_compared() {
  local folder=$1 targets=$2
  shift 2
  [[ ${1:-} == -- ]] && shift
  setup_for test
  setup_bench_venv
  # shellcheck disable=SC2086 -- several targets
  build_preset release $targets
  exec build/bench-venv/bin/python -B "$folder" "$@"
}

# numpy for the generated weights, Jinja for the demo model's conversations.
setup_bench_venv() {
  local key
  key=$(hash_files tools/dev/bench-requirements.txt)
  is_stamped bench-venv "$key" && [[ -x build/bench-venv/bin/python ]] && return 0
  stage "make the Python environment build/bench-venv" make_bench_venv
  stamp bench-venv "$key"
}

make_bench_venv() {
  rm -rf build/bench-venv
  "$(base_python)" -m venv build/bench-venv
  build/bench-venv/bin/python -m pip install -q -r tools/dev/bench-requirements.txt
}
