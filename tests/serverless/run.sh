#!/usr/bin/env bash
# The dependency Lambda and the worker, end to end, on an emulator of AWS: see e2e.py. Without network but its own.
# usage: SERVER=path LOADGEN=path ADMIN=path ZIP=path run.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export ROOT=$root WORK=$root/target/serverless
: "${SERVER:?} ${LOADGEN:?} ${ADMIN:?} ${ZIP:?}"
# ministack runs the zip; the runtime interface emulator, which is Amazon's, comes inside the wheel of aws-sam-cli.
packages=(ministack==1.5.33 grpcio==1.85.1)
emulator=aws-sam-cli==1.170.0
venv=$root/target/serverless-venv

install_packages() {
  local stamp=$venv/installed
  if [[ $(cat "$stamp" 2>/dev/null) == "${packages[*]} $emulator" ]]; then return; fi
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet "${packages[@]}"
  # Of the wheel only one file is used, and what it depends on does not go with ministack.
  "$venv/bin/pip" install --quiet --no-deps "$emulator"
  echo "${packages[*]} $emulator" >"$stamp"
}

# The ports are fixed: the test gets a network of its own where this user may make one, and nothing it started outlives it.
enter_own_namespace() {
  local isolated=(unshare --net --pid --fork --kill-child --mount-proc sh -c 'ip link set lo up && exec "$@"' sh)
  if "${isolated[@]}" true 2>/dev/null; then
    exec "${isolated[@]}" "$@"
  fi
  exec "$@"
}

install_packages
rm -rf "$WORK"
mkdir -p "$WORK"
export VENV=$venv
enter_own_namespace "$venv/bin/python" "$here/e2e.py"
