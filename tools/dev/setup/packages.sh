# System packages, only those missing: Debian 12's through apt, macOS's through Homebrew.

# The names in a package list that a purpose needs. Sections: [build] always, [test] for tests.
package_names() {
  local list=$1 purpose=$2 section=build line
  while read -r line; do
    line=${line%%#*}
    line=${line%"${line##*[![:space:]]}"}
    case $line in
      '') ;;
      \[*\]) section=${line#[} section=${section%]} ;;
      *) if [[ $section == build || $section == "$purpose" ]]; then say "$line"; fi ;;
    esac
  done <"$list"
}

setup_packages() {
  if on_macos; then
    setup_packages_macos "$1"
  elif have apt-get && have dpkg-query; then
    setup_packages_debian "$1"
  else
    say "This is neither Debian nor macOS: install the counterparts of" \
      "tools/dev/packages-debian.txt yourself; the rest of the set-up goes on."
  fi
}

setup_packages_debian() {
  local wanted installed missing
  wanted=$({ package_names tools/dev/packages-debian.txt "$1" && rust_packages "$1"; } |
    LC_ALL=C sort -u)
  # dpkg-query fails when it does not know one of the names; what it prints is still right.
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
    sed -n 's/^installed //p' | LC_ALL=C sort -u) || true
  missing=$(LC_ALL=C comm -23 <(say "$wanted") <(say "$installed"))
  [[ -z $missing ]] && return 0
  say "Missing Debian packages: $(tr '\n' ' ' <<<"$missing")"
  stage "install $(wc -l <<<"$missing") Debian packages" install_debian $missing
}

install_debian() {
  local sudo=()
  if [[ $(id -u) -ne 0 ]]; then
    have sudo || die "these packages are missing, and there is neither root nor sudo to install" \
      "them. Ask whoever may: apt-get install --no-install-recommends $*"
    sudo=(sudo)
  fi
  local apt=(${sudo[@]+"${sudo[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q -o
    Dpkg::Use-Pty=0 -o Acquire::Retries=3)
  local log=build/packages.log
  mkdir -p build
  if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "$@"; } >"$log" 2>&1
  then
    tail -n 30 "$log"
    die "apt could not install the packages; all it said is in $log." \
      "On Debian 12 the suites bookworm and bookworm-security must be among apt's sources."
  fi
}

setup_packages_macos() {
  have brew || die "Homebrew is needed to install the libraries: see its home page, then try again"
  local missing
  missing=$(LC_ALL=C comm -23 \
    <(package_names tools/dev/packages-macos.txt "$1" | LC_ALL=C sort -u) \
    <(brew list --formula -1 | LC_ALL=C sort -u))
  [[ -z $missing ]] && return 0
  stage "install with Homebrew: $(tr '\n' ' ' <<<"$missing")" brew install $missing
}
