# Rust for bridge/: whatever cargo is there if it is new enough, else Debian's packages for it.

rust_wanted=1.87.0

# The Debian packages that bring Rust, or nothing where they are not needed.
rust_packages() {
  if ! dpkg-query -W -f='${db:Status-Status}' cargo-web 2>/dev/null | grep -q '^installed'; then
    rust_is_new_enough && return 0
  fi
  say cargo-web
  say rustc-web
  if [[ $1 == test ]]; then
    say rust-web-clippy
    say rustfmt-web
  fi
}

# An older package may be there already, or be all that apt was told of: bookworm itself has 1.85.
setup_rust() {
  rust_is_new_enough && return 0
  if ! on_macos && have apt-get; then
    stage "bring Rust up to date" install_debian $(rust_packages "$1")
    hash -r
  fi
  rust_is_new_enough || die "cargo $(version_of cargo --version) is too old: the bridge needs" \
    "$rust_wanted. On Debian 12 add the suite bookworm-security to apt's sources; elsewhere" \
    "install a newer Rust. Then try again."
}

rust_is_new_enough() {
  local found
  found=$(version_of cargo --version)
  [[ -n $found ]] && version_at_least "$rust_wanted" "$found"
}
