# ./dev clean: removes what was built.

clean_help() {
  cat <<'TEXT'
Usage: ./dev clean [--all]

Removes the build trees and the web app's output. Downloads and environments stay:
  --all   remove them too (build/, web/node_modules): the next ./dev run fetches them again
TEXT
}

clean_main() {
  case ${1:-} in
    --all) rm -rf build web/node_modules web/build web/.svelte-kit ;;
    '')
      rm -rf build/dev build/release build/asan build/tsan build/bench build/cargo \
        web/build web/.svelte-kit build/stamps/configured-* build/stamps/web-build
      ;;
    *) clean_help && die "clean does not know \"$1\"" ;;
  esac
}
