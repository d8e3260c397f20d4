#!/usr/bin/env bash
# Runs the storage battery of Jaeger v2.13 against our server: the battery writes and reads through a real Jaeger.
# usage: [SERVER=path] [SERVERS=2 [REPLACED=1]] [DERIVED=1] run.sh [more flags for the server]
# With SERVERS=2 Jaeger writes to one server and reads from another; both keep their spans in ministack, an emulator of
# AWS from PyPI, through the AWS SDK's HTTP client.
# With REPLACED=1 the server that Jaeger writes to is killed and replaced again and again; Jaeger's exporter sends again.
# With DERIVED=1 no read is let through before all windows are derived; the flags must make windows of 1 s.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
built=$root/target/jaeger
work=$built/battery
server=${SERVER:-$root/target/ci/jaeger-dynamodb-server}
servers=${SERVERS:-1}
rounds=1
if [[ -n ${REPLACED:-} ]]; then rounds=3; fi
# Ports of each server: gRPC and HTTP. The last one answers Jaeger's reads, the first one takes its writes.
grpc=(127.0.0.1:17271 127.0.0.1:17281)
http=(127.0.0.1:17272 127.0.0.1:17282)
ministack_version=1.5.33
ministack_port=14566
purge_both_port=17290
gate_port=17291
battery=(GetServices GetOperations GetTrace GetLargeTrace GetTraceWithDuplicateSpans FindTraces)

# The battery's ports are fixed: it gets a network of its own where this user may make one, and nothing it started outlives it.
enter_own_namespace() {
  local isolated=(unshare --net --pid --fork --kill-child --mount-proc sh -c 'ip link set lo up && exec "$@"' sh)
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
  chmod u+w "$work/cmd/jaeger/config-remote-storage.yaml"
  if [[ -n ${REPLACED:-} ]]; then
    # By default it gives a batch up at the first error, whatever that is.
    cat >>"$work/cmd/jaeger/config-remote-storage.yaml" <<'YAML'
    retry_on_failure:
      enabled: true
      initial_interval: 100ms
      max_interval: 500ms
YAML
    tail -n 5 "$work/cmd/jaeger/config-remote-storage.yaml" | grep -q 'trace_storage: some-storage'
  fi
}

start_servers() {
  local index storage=(--data-dir :memory:) purge=http://${http[0]}/purge
  pids=()
  trap 'kill -KILL "${pids[@]}" $(cat "$work"/server-*.pid) 2>/dev/null || true' EXIT
  if [[ $servers -eq 2 ]]; then
    start_ministack || return 1
    storage=(--storage aws --endpoint-url "http://127.0.0.1:$ministack_port" --create-tables)
    python3 "$here/purge_both.py" $purge_both_port "${http[@]}" 2>"$work/purge.log" &
    pids+=($!)
    purge=http://127.0.0.1:$purge_both_port/purge
  fi
  purger=$purge
  for ((index = 0; index < servers; index++)); do
    start_server $index "${storage[@]}" "$@" || return 1
  done
  if [[ -n ${REPLACED:-} ]]; then
    replace_again_and_again "${storage[@]}" "$@" &
    replacer=$!
    pids+=($!)
  fi
  reads=${grpc[servers - 1]}
  if [[ -n ${DERIVED:-} ]]; then
    python3 "$here/read_when_derived.py" $gate_port "$reads" "${http[@]:0:servers}" 2>"$work/gate.log" &
    pids+=($!)
    reads=127.0.0.1:$gate_port
  fi
}

# start_server INDEX FLAGS...: until it is ready
start_server() {
  local index=$1
  shift
  "$server" "$@" --listen "${grpc[index]}" --http-listen "${http[index]}" --archive-listen off --allow-purge >>"$work/server-$index.log" 2>&1 &
  echo $! >"$work/server-$index.pid"
  disown $! # The shell need not tell when it is killed.
  await "http://${http[index]}/ready" $!
}

server_pid() {
  cat "$work/server-$1.pid"
}

# await_end PID: until the process and its sockets are gone, at most 15 s
await_end() {
  for _ in {1..750}; do
    if ! kill -0 "$1" 2>/dev/null; then return 0; fi
    sleep 0.02
  done
  return 1
}

# Kills the first server at no particular moment, and starts another in its place.
replace_again_and_again() {
  while sleep "0.$((2 + RANDOM % 8))"; do
    kill -KILL "$(server_pid 0)"
    await_end "$(server_pid 0)"
    start_server 0 "$@" || echo "a server that replaced another did not become ready" | tee -a "$work/not-ready" >&2
    echo >>"$work/replaced"
  done
}

start_ministack() {
  local venv=$built/ministack-$ministack_version
  if [[ ! -x $venv/bin/ministack ]]; then return 1; fi
  env -i PATH="$PATH" HOME="$work" BIND_HOST=127.0.0.1 GATEWAY_PORT=$ministack_port MINISTACK_HOST=127.0.0.1 \
    "$venv/bin/ministack" >"$work/ministack.log" 2>&1 &
  pids+=($!)
  export AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  await "http://127.0.0.1:$ministack_port/" $!
}

install_ministack() {
  local venv=$built/ministack-$ministack_version
  if [[ -x $venv/bin/ministack ]]; then return; fi
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet "ministack==$ministack_version"
}

# await URL PID: until the URL answers, for at most 30 s and as long as the process lives
await() {
  for _ in {1..300}; do
    if curl --silent --fail --output /dev/null "$1"; then return 0; fi
    if ! kill -0 "$2" 2>/dev/null; then return 1; fi
    sleep 0.1
  done
  return 1
}

# Status of a server that another process has started is not to be had: what it says at its end is looked at.
stop_servers() {
  local index pid status=0
  if [[ -n ${replacer:-} ]]; then
    kill -KILL "$replacer"
    wait "$replacer" 2>/dev/null || true
  fi
  for ((index = 0; index < servers; index++)); do
    pid=$(server_pid $index)
    kill -TERM "$pid"
    await_end "$pid" || true
    if kill -KILL "$pid" 2>/dev/null; then status=1; fi
    grep -q ' stopped' "$work/server-$index.log" || status=1
  done
  return $status
}

run_battery() (
  cd "$work/cmd/jaeger/internal/integration" || exit
  env TMPDIR="$work/tmp" STORAGE=grpc CUSTOM_STORAGE=true \
    REMOTE_STORAGE_ENDPOINT="$reads" REMOTE_STORAGE_WRITER_ENDPOINT="${grpc[0]}" PURGER_ENDPOINT="$purger" \
    "$built/e2e.test" -test.v -test.timeout 15m -test.count $rounds -test.run '^TestGRPCStorage$' >"$work/battery.log" 2>&1
)

# requests PURPOSE: how many the server that is read from has made to its storage
requests() {
  curl --silent --fail "http://${http[servers - 1]}/metrics" |
    awk -v purpose="purpose=\"$1\"" '/^jaeger_dynamodb_requests_total/ && index($1, purpose) { sum += $2 } END { print sum + 0 }'
}

# Says what answers were made of. They must have been made of what is derived if reads waited for it.
tell_reads() {
  local purpose count
  echo -n "requests of the server that is read from:"
  for purpose in segment pointer catalog tail pack snapshot; do
    count=$(requests $purpose)
    echo -n " $purpose $count"
    if [[ -n ${DERIVED:-} && $count -eq 0 && $purpose =~ segment|pointer|catalog ]]; then unread=$purpose; fi
  done
  echo
  [[ -z ${unread:-} ]]
}

show_logs() {
  local log
  for log in "$work"/{server-*,ministack,purge,gate}.log; do
    if [[ ! -s $log ]]; then continue; fi
    echo "--- last lines of $log"
    tail -n 40 "$log" | cut -c1-400
  done
  echo "--- what the battery and Jaeger complained about, from $work/battery.log"
  grep -iE '[^a-z]error|expect|except|differ|panic' "$work/battery.log" | grep -vE $'\t(info|debug)\t' | uniq | tail -n 60 | cut -c1-400 || true
}

# A test that did not run, or was skipped, counts as failed.
report() {
  local name passed=0
  grep -E '^ *--- (PASS|FAIL|SKIP)' "$work/battery.log" || true
  for name in "${battery[@]}"; do
    if [[ $(grep -c "^    --- PASS: TestGRPCStorage/$name " "$work/battery.log") -eq $rounds ]]; then passed=$((passed + 1)); fi
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
  if [[ $servers -eq 2 ]]; then install_ministack; fi
  enter_own_namespace "$@"
fi
problems=0
lay_out
if start_servers "$@"; then
  run_battery || complain "the battery failed"
  tell_reads || complain "nothing was read that is derived: no $unread"
  if [[ -n ${REPLACED:-} ]]; then
    replaced=$(wc -l <"$work/replaced")
    echo "the server that is written to was killed and replaced $replaced times"
    if [[ $replaced -lt 10 ]]; then complain "it was not replaced often enough to show anything"; fi
    if [[ -s $work/not-ready ]]; then complain "not every one that replaced another became ready"; fi
  fi
  stop_servers || complain "a server did not stop as it was asked to"
else
  complain "a server did not become ready"
fi
if grep -q -- '--- SKIP' "$work/battery.log"; then complain "a test was skipped"; fi
if [[ $problems -ne 0 ]]; then show_logs; fi
report || problems=1
echo "took $SECONDS s${*:+ with $*}"
exit $problems
