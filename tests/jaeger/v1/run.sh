#!/usr/bin/env bash
# Runs our server under Jaeger v1: the storage tests of v1.57, with each of its two writers, a stream that never waits, the
# processes of v1.76 and v2.13 side by side on one server, with the configurations in examples/, and those of v1.57 and
# v2.13, to show who called whom in a load.
# usage: [SERVER=path] [LOADGEN=path] run.sh [more flags for the server]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
built=$root/target/jaeger
work=$built/v1
server=${SERVER:-$root/target/ci/jaeger-dynamodb-server}
loadgen=$(realpath "${LOADGEN:-$root/target/ci/jaeger-dynamodb-loadgen}")
grpc=127.0.0.1:17271
http=127.0.0.1:17272
archive=127.0.0.1:17273
suite=(GetServices GetOperations GetTrace GetLargeSpans FindTraces ArchiveTrace)
# Jaeger has no way to write what these would read from a remote storage.
suite_skips=(GetDependencies GetThroughput GetLatestProbability)
jaegers=(ApiV2InV1Out OTLPInV1Out UnknownTrace Search ServicesAndOperations V1InV2Out V2InV1Out Archive)
dependencies=(HalvesOfCalls SentOnce SentTwice Joined BucketsV1 BucketsV2 RangesV1 RangesV2 Rows)

# The ports are fixed: all of it gets a network of its own where this user may make one, and nothing it started outlives it.
enter_own_namespace() {
  local isolated=(unshare --net --pid --fork --kill-child --mount-proc sh -c 'ip link set lo up && exec "$@"' sh)
  if "${isolated[@]}" true 2>/dev/null; then
    IN_OWN_NAMESPACE=1 exec "${isolated[@]}" "$0" "$@"
  fi
}

# start NAME URL COMMAND...: until the URL answers, for at most 30 s and as long as the process lives
start() {
  local name=$1 url=$2
  shift 2
  "$@" >"$work/$name.log" 2>&1 &
  pids+=($!)
  for _ in {1..300}; do
    if curl --silent --fail --output /dev/null "$url"; then return 0; fi
    if ! kill -0 $! 2>/dev/null; then break; fi
    sleep 0.1
  done
  complain "$name did not become ready"
  return 1
}

start_server() {
  start "$1-server" "http://$http/ready" "$server" --data-dir :memory: --allow-purge \
    --listen $grpc --http-listen $http --archive-listen $archive "${@:2}"
}

# start_jaegers BINARY TYPE FLAGS...: the one of v1, what it calls this type of storage, and v2.13
start_jaegers() {
  export OTEL_TRACES_SAMPLER=always_off
  # The example has the usual ports, which are those of v2.13.
  start jaeger-v1 http://127.0.0.1:14269/ env SPAN_STORAGE_TYPE="$2" \
    "$built/$1" --config-file "$root/examples/jaeger-v1.yaml" "${@:3}" \
    --collector.otlp.grpc.host-port 127.0.0.1:24317 --collector.otlp.http.host-port 127.0.0.1:24318 \
    --query.http-server.host-port 127.0.0.1:26686 --query.grpc-server.host-port 127.0.0.1:26685 &&
    start jaeger-v2 http://127.0.0.1:13133/status "$built/jaeger" --config "$root/examples/jaeger-v2.yaml"
}

# The last one started is the first to stop: a Jaeger writes until its end.
stop_all() {
  local index
  for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
    stop "${pids[index]}" || complain "a process did not stop with status 0"
  done
  pids=()
}

stop() {
  local status=0
  kill -TERM "$1" 2>/dev/null || true
  for _ in {1..150}; do
    if ! kill -0 "$1" 2>/dev/null; then break; fi
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null || true
  wait "$1" || status=$?
  return $status
}

# run NAME TEST VARIABLE...: one of the Go tests of this folder
run() {
  env REMOTE_STORAGE_ENDPOINT=$grpc PURGER_ENDPOINT="http://$http/purge" \
    METRICS_ENDPOINT="http://$http/metrics" LOADGEN="$loadgen" "${@:3}" \
    "$built/v1.test" -test.v -test.timeout 5m -test.run "^$2\$" >"$work/$1.log" 2>&1
}

# verify NAME RESULT TEST SUBTEST...: each of them had this result; one that did not run counts as failed
verify() {
  local subtest met=0
  for subtest in "${@:4}"; do
    if grep -q "^    --- $2: $3/$subtest " "$work/$1.log"; then met=$((met + 1)); else complain "$1: no $2 of $subtest"; fi
  done
  echo "$1: $met of $(($# - 3)) $2"
}

storage_suite() {
  local name=$1 writer=$2
  if start_server "$name" --v1-unspecified-kind unspecified "${@:3}"; then
    run "$name" TestStorageV1 WRITER="$writer" || complain "$name failed"
    verify "$name" PASS TestStorageV1 "${suite[@]}"
    verify "$name" SKIP TestStorageV1 "${suite_skips[@]}"
  fi
  stop_all
}

fast_sender() {
  if start_server fast-sender --enable-streaming-writer "$@"; then
    if run fast-sender TestFastSender; then echo "fast-sender: passed"; else complain "fast-sender failed"; fi
  fi
  stop_all
}

side_by_side() {
  if start_server jaegers "$@" && start_jaegers all-in-one grpc; then
    run jaegers TestJaegers || complain "jaegers failed"
    verify jaegers PASS TestJaegers "${jaegers[@]}"
    if grep -q -- '--- SKIP' "$work/jaegers.log"; then complain "jaegers: a test was skipped"; fi
  fi
  stop_all
}

# v1.57 drops spans that it has no room for, in silence; by default that is for 2000.
service_graph() {
  if start_server dependencies --window 1s --window-grace 1s "$@" &&
    start_jaegers all-in-one-v1.57 grpc-plugin --collector.queue-size 100000; then
    run dependencies TestDependencies || complain "dependencies failed"
    verify dependencies PASS TestDependencies "${dependencies[@]}"
    if grep -q -- '--- SKIP' "$work/dependencies.log"; then complain "dependencies: a test was skipped"; fi
  fi
  stop_all
}

complain() {
  problems=1
  echo "$1" >&2
}

show_logs() {
  local log
  for log in "$work"/*.log; do
    if [[ ! -s $log ]]; then continue; fi
    echo "--- last lines of $log"
    # The storage tests tell each time they wait, and Jaeger each thing it starts.
    { grep -vE 'Waiting for storage backend|"level":"info"|'$'\tinfo\t' "$log" || true; } | tail -n 60 | cut -c1-400
  done
}

if [[ -z ${IN_OWN_NAMESPACE:-} ]]; then
  "$here/../v2/build.sh" jaeger all-in-one
  (cd "$here" && go vet . && go test -c -o "$built/v1.test" . &&
    go build -ldflags='-s -w' -o "$built/all-in-one-v1.57" github.com/jaegertracing/jaeger/cmd/all-in-one)
  enter_own_namespace "$@"
fi
problems=0
pids=()
trap 'kill -KILL "${pids[@]}" 2>/dev/null || true' EXIT
rm -rf "$work"
mkdir -p "$work"
storage_suite unary '*shared.grpcClient' "$@"
storage_suite streaming '*shared.streamingSpanWriter' --enable-streaming-writer "$@"
fast_sender "$@"
side_by_side "$@"
service_graph "$@"
if [[ $problems -ne 0 ]]; then show_logs; fi
echo "took $SECONDS s${*:+ with $*}"
exit $problems
