# build/venv: the pip that fetches wheels, and for tests the pinned clients that drive the server.

venv_python="$root/build/venv/bin/python"

# The interpreter the venv is made from. Debian's own has the venv module as a package.
base_python() {
  if [[ -x /usr/bin/python3 ]] && ! on_macos; then say /usr/bin/python3; else say python3; fi
}

setup_python() {
  local purpose=$1 key
  key=$(hash_files tools/dev/setup/python.sh)
  if ! is_stamped venv "$key" || [[ ! -x $venv_python ]]; then
    rm -rf build/venv
    stage "make the Python environment build/venv" "$(base_python)" -m venv build/venv
    stamp venv "$key"
  fi
  [[ $purpose == test ]] || return 0
  key=$(hash_files tools/dev/test-requirements.txt)
  is_stamped "venv-clients" "$key" && return 0
  stage "install the API tests' Python clients" \
    "$venv_python" -m pip install -q -r tools/dev/test-requirements.txt
  stamp "venv-clients" "$key"
}
