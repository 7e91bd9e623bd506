# ./dev soak: the real program under mixed work, or loading again and again; not part of CI.

source tools/dev/build.sh

soak_help() {
  cat <<'TEXT'
Usage: ./dev soak [--minutes N] [--clients N] [--seed N]
       ./dev soak loads [--cycles N]
       ./dev soak --asan|--tsan [--minutes N]

Serves two models and lets clients do everything at once: whole and streamed answers, long prompts,
several choices, stop texts, clients that leave, requests that must be refused; workers are killed
under them. Then memory, threads, sockets and KV pages must be back where they were, no zombie and
no socket file may be left, and of 64 parallel conversations none may have said the secret words of
another.

  loads         loads the demo model, asks it and unloads it, again and again (--cycles N, default
                200): the server's memory, descriptors and threads must stay, no process may be left
  --minutes N   how long (default 30; with a sanitizer 5)
  --clients N   at once (default 16)
  --asan        the tests of http, engine, services and api again and again, in random order, under
  --tsan        that sanitizer, in the build without MLX
TEXT
}

soak_main() {
  case ${1:-} in
    loads)
      setup_for test
      build_preset release hearth
      stage "soak: loads" env HEARTH_BIN="$root/build/release/bin/hearth" "$venv_python" -B \
        tests/soak/loads.py "${@:2}"
      return
      ;;
    --asan | --tsan)
      soak_sanitized "${1#--}" "${@:2}"
      return
      ;;
  esac
  setup_for test
  build_preset release hearth
  stage "soak" env HEARTH_BIN="$root/build/release/bin/hearth" "$venv_python" -B tests/soak "$@"
}

# soak_sanitized PRESET [--minutes N]
soak_sanitized() {
  local preset=$1 minutes=5 folder round=0 until
  [[ ${2:-} == --minutes ]] && minutes=${3:?--minutes needs a number}
  setup_for test
  build_preset "$preset" hearth_http_tests hearth_engine_tests hearth_services_tests \
    hearth_api_tests
  until=$((SECONDS + minutes * 60))
  while [[ $SECONDS -lt $until ]]; do
    round=$((round + 1))
    for folder in http engine services api; do
      stage "$preset, round $round: $folder" "build/$preset/tests/hearth_${folder}_tests" \
        --gtest_shuffle --gtest_random_seed="$round" --gtest_brief=1
    done
  done
  say "==> soak: $round rounds under $preset without a fault"
}
