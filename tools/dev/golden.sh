# ./dev golden: the reference numbers of tests/golden, computed anew by PyTorch and transformers.

source tools/dev/setup.sh

golden_help() {
  cat <<'TEXT'
Usage: ./dev golden [FILTER]

Makes build/golden-venv (PyTorch, transformers, MLX for Python: several GB, once) and runs the
generators under tests/golden whose path contains FILTER. What they write is committed:
look at the difference before you do. No test and no build needs this.
TEXT
}

golden_main() {
  local filter=${1:-} key script
  setup_for build
  key=$(hash_files tools/dev/golden-requirements.txt)
  if ! is_stamped golden-venv "$key"; then
    stage "make build/golden-venv" make_golden_venv
    stamp golden-venv "$key"
  fi
  for script in tests/golden/generate/*.py tests/golden/*/generate.py; do
    grep -q '__main__' "$script" || continue
    [[ $script == *"$filter"* ]] || continue
    stage "$script" env PYTHONPATH=tests/golden/generate build/golden-venv/bin/python "$script"
  done
}

make_golden_venv() {
  rm -rf build/golden-venv
  "$(base_python)" -m venv build/golden-venv
  build/golden-venv/bin/python -m pip install -q -r tools/dev/golden-requirements.txt
}
