# What the examples' scripts share. `repo` is the repository's root.

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

# Tries COMMAND every tenth of a second, WAIT_TENTHS times at most. Ends the script when that is not
# enough, or when the process in `worker`, if it is set, has ended; the logs in `work` say why.
wait_for() {  # DESCRIPTION COMMAND...
  local what=$1 tenth
  shift
  for ((tenth = 0; tenth < WAIT_TENTHS; ++tenth)); do
    "$@" && return 0
    [[ -z ${worker:-} ]] || kill -0 "$worker" 2>/dev/null ||
      { tail -n 20 "$work"/worker*.log; echo "the worker ended"; exit 1; }
    sleep 0.1
  done
  tail -n 20 "$work"/worker*.log
  echo "gave up waiting for $what"
  exit 1
}
