#!/usr/bin/env bash
# Runs the storage battery of Jaeger v2.13 against our server: the battery writes and reads through a real Jaeger.
# usage: [SERVER=path] run.sh [more flags for the server]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
built=$root/target/jaeger
work=$built/battery
server=${SERVER:-$root/target/ci/jaeger-dynamodb-server}
grpc=127.0.0.1:17271
http=127.0.0.1:17272
battery=(GetServices GetOperations GetTrace GetLargeTrace GetTraceWithDuplicateSpans FindTraces)

# The battery's ports are fixed: it gets a network of its own where this user may make one, and nothing it started outlives it.
enter_own_namespace() {
  local isolated=(unshare --net --pid --fork --kill-child sh -c 'ip link set lo up && exec "$@"' sh)
  if "${isolated[@]}" true 2>/dev/null; then
    IN_OWN_NAMESPACE=1 exec "${isolated[@]}" "$0" "$@"
  fi
}

# The suite finds Jaeger and its configuration relative to its own folder in Jaeger's source tree.
lay_out() {
  local source
  source=$(cd "$here" && go list -m -f '{{.Dir}}' github.com/jaegertracing/jaeger)
  rm -rf "$work"
  mkdir -p "$work/tmp" "$work/cmd/jaeger/internal/integration"
  touch "$work/battery.log"
  ln -s "$built/jaeger" "$work/cmd/jaeger/jaeger"
  cp "$source"/cmd/jaeger/config-remote-storage.yaml "$source"/cmd/jaeger/config-ui.json "$work/cmd/jaeger/"
}

start_server() {
  "$server" --data-dir :memory: --listen $grpc --http-listen $http --allow-purge "$@" >"$work/server.log" 2>&1 &
  server_pid=$!
  trap 'kill -KILL $server_pid 2>/dev/null || true' EXIT
  for _ in {1..300}; do
    if curl --silent --fail --output /dev/null "http://$http/ready"; then return 0; fi
    if ! kill -0 $server_pid 2>/dev/null; then break; fi
    sleep 0.1
  done
  return 1
}

stop_server() {
  kill -TERM $server_pid
  for _ in {1..150}; do
    if ! kill -0 $server_pid 2>/dev/null; then break; fi
    sleep 0.1
  done
  kill -KILL $server_pid 2>/dev/null || true
  trap - EXIT
  wait $server_pid
}

run_battery() (
  cd "$work/cmd/jaeger/internal/integration" || exit
  env TMPDIR="$work/tmp" STORAGE=grpc CUSTOM_STORAGE=true \
    REMOTE_STORAGE_ENDPOINT=$grpc REMOTE_STORAGE_WRITER_ENDPOINT=$grpc PURGER_ENDPOINT="http://$http/purge" \
    "$built/e2e.test" -test.v -test.timeout 15m -test.run '^TestGRPCStorage$' >"$work/battery.log" 2>&1
)

show_logs() {
  echo "--- last lines of $work/server.log"
  tail -n 40 "$work/server.log" | cut -c1-400
  echo "--- what the battery and Jaeger complained about, from $work/battery.log"
  grep -iE '[^a-z]error|expect|except|differ|panic' "$work/battery.log" | grep -vE $'\t(info|debug)\t' | uniq | tail -n 60 | cut -c1-400 || true
}

# A test that did not run, or was skipped, counts as failed.
report() {
  local name passed=0
  grep -E '^ *--- (PASS|FAIL|SKIP)' "$work/battery.log" || true
  for name in "${battery[@]}"; do
    if grep -q "^    --- PASS: TestGRPCStorage/$name " "$work/battery.log"; then passed=$((passed + 1)); fi
  done
  echo "$passed passed, $((${#battery[@]} - passed)) failed"
  [[ $passed -eq ${#battery[@]} ]]
}

complain() {
  problems=1
  echo "$1" >&2
}

if [[ -z ${IN_OWN_NAMESPACE:-} ]]; then
  "$here/build.sh" jaeger e2e.test
  enter_own_namespace "$@"
fi
problems=0
lay_out
if start_server "$@"; then
  run_battery || complain "the battery failed"
  stop_server || complain "the server did not stop with status 0"
else
  complain "the server did not become ready"
fi
if grep -q -- '--- SKIP' "$work/battery.log"; then complain "a test was skipped"; fi
if [[ $problems -ne 0 ]]; then show_logs; fi
report || problems=1
exit $problems
