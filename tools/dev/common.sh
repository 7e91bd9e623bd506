# What every verb shares: messages, timed stages, and stamps that say what need not be done again.
# Written for bash 3.2 too, which is what macOS has.

readonly stamps="$root/build/stamps"
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=true
# ccache asks for this before it keeps files with precompiled headers (cmake/Precompiled.cmake).
export CCACHE_SLOPPINESS=pch_defines,time_macros
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
export PATH="$root/build/deps/node/bin:$PATH"
[[ -d ${HOME:-}/.cargo/bin ]] && PATH="$PATH:$HOME/.cargo/bin"

say() { printf '%s\n' "$*"; }

die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

on_macos() { [[ $(uname -s) == Darwin ]]; }

# How many compilers run at once. A Beast unit takes 0.5 GB, so memory counts too.
parallel_jobs() {
  local cores memory_gb
  cores=$(getconf _NPROCESSORS_ONLN)
  if on_macos; then
    memory_gb=$(($(sysctl -n hw.memsize) / 1000000000))
  else
    memory_gb=$(($(getconf _PHYS_PAGES) * $(getconf PAGE_SIZE) / 1000000000))
  fi
  [[ $cores -gt $memory_gb ]] && cores=$memory_gb
  [[ $cores -lt 2 ]] && cores=2
  say "${HEARTH_JOBS:-$cores}"
}

# stage TITLE COMMAND...: runs the command in a shell of its own, says what is being done and how
# long it took, and passes a failure on.
stage() {
  local title=$1 began=$SECONDS status
  shift
  say "==> $title"
  set +e
  (set -e && "$@")
  status=$?
  set -e
  if [[ $status -ne 0 ]]; then
    say "==> $title: FAILED after $((SECONDS - began)) s"
    return "$status"
  fi
  say "==> $title: $((SECONDS - began)) s"
}

sha256() { if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1; }

# One hash over the names and contents of files.
hash_files() {
  local file
  for file in "$@"; do
    printf '%s\n' "$file"
    cat "$file" 2>/dev/null || true
  done | sha256
}

# One hash over a folder's sources, without what is installed or built there.
hash_folder() {
  find "$1" \( -name node_modules -o -name build -o -name .svelte-kit -o -name test-results \) \
    -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | sha256
}

# Stamps: build/stamps/NAME holds the hash of what a step depended on when it last succeeded.
is_stamped() { [[ -f $stamps/$1 && $(<"$stamps/$1") == "$2" ]]; }

stamp() {
  mkdir -p "$stamps"
  printf '%s' "$2" >"$stamps/$1"
}

# version_at_least WANTED FOUND
version_at_least() {
  [[ $(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1) == "$1" ]]
}

# The first x.y or x.y.z in what a command prints.
version_of() { "$@" 2>/dev/null | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1 || true; }
