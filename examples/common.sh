# What the examples' scripts share; `repo` is the repository's root.

step() { printf '\n== %s\n' "$*"; }

build() {
  "$repo/scripts/setup"
  local tree=$repo/build/release
  [[ -f $tree/build.ninja ]] || { step "Configuring"; cmake -S "$repo" --preset release >/dev/null; }
  # Nothing to do is the usual case; a first build takes a few minutes.
  if ! ninja -C "$tree" -n 2>/dev/null | grep -q 'no work to do'; then
    step "Building (a few minutes the first time)"
    cmake --build "$tree" --parallel "$(nproc)"
  fi
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
