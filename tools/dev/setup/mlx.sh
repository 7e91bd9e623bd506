# build/deps/mlx: the MLX wheel, pinned by version and hash, unpacked.

setup_mlx() {
  local key
  key=$(hash_files tools/dev/mlx-requirements.txt)
  is_stamped mlx "$key" && [[ -d build/deps/mlx/mlx/include ]] && return 0
  stage "fetch and unpack MLX" fetch_wheel tools/dev/mlx-requirements.txt build/deps/mlx
  stamp mlx "$key"
}

# fetch_wheel REQUIREMENTS FOLDER: the one wheel that fits this machine, its hash checked, unpacked.
fetch_wheel() {
  local requirements=$1 folder=$2 downloads wheel
  downloads="build/downloads/$(basename "$requirements" .txt)"
  rm -rf "$folder.new" "$downloads.new"
  mkdir -p "$(dirname "$folder")" "$downloads.new"
  "$venv_python" -m pip download -q --no-deps --only-binary :all: --require-hashes \
    -r "$requirements" -d "$downloads.new"
  for wheel in "$downloads.new"/*.whl; do
    "$venv_python" -m zipfile -e "$wheel" "$folder.new"
  done
  rm -rf "$folder" "$downloads"
  mv "$downloads.new" "$downloads"
  mv "$folder.new" "$folder"
}
