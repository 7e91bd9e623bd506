# Rust for bridge/: whatever cargo is there if it is new enough, else Debian's packages for it.

rust_wanted=1.87.0

# The Debian packages that bring Rust, or nothing where they are not needed.
rust_packages() {
  if ! dpkg-query -W -f='${db:Status-Status}' cargo-web 2>/dev/null | grep -q '^installed'; then
    local found
    found=$(version_of cargo --version)
    [[ -n $found ]] && version_at_least "$rust_wanted" "$found" && return 0
  fi
  say cargo-web
  say rustc-web
  if [[ $1 == test ]]; then
    say rust-web-clippy
    say rustfmt-web
  fi
}
