#!/usr/bin/env bash
# Runs our plugin under Jaeger v1 as its child process: the storage tests of v1.57 and of v1.43, each with both of its
# writers, and the process of v1.57 with the configuration in examples/, up to its death and that of the plugin, and who
# called whom in a load that it receives.
# usage: [PLUGIN=path] [LOADGEN=path] run.sh [PART...]   with PART one of v1.57, v1.43, process; all without
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
built=$root/target/jaeger
work=$built/plugin
plugin=$(realpath "${PLUGIN:-$root/target/ci/jaeger-dynamodb-plugin}")
loadgen=$(realpath "${LOADGEN:-$root/target/ci/jaeger-dynamodb-loadgen}")
module=github.com/jaegertracing/jaeger
config=$root/examples/jaeger-v1-plugin.yaml
writers=(TestGRPCStorage TestGRPCStreamingWriter)
processes=(
  TestSidecar TestSidecarWriters TestSidecarLogs TestSidecarDependencies TestSidecarMisuse
  TestSidecarKilled TestJaegerKilled TestJaegerStartedAndStopped TestPluginStartedAndStopped
)

# The ports are fixed: all of it gets a network of its own where this user may make one, and nothing it started outlives it.
enter_own_namespace() {
  local isolated=(unshare --net --pid --fork --kill-child --mount-proc sh -c 'ip link set lo up && exec "$@"' sh)
  if "${isolated[@]}" true 2>/dev/null; then
    IN_OWN_NAMESPACE=1 exec "${isolated[@]}" "$0" "$@"
  fi
}

build() {
  local part
  mkdir -p "$built"
  for part in "$@"; do
    case $part in
      v1.57) build_suite ../v1 v1.57 ;;
      v1.43) build_suite v1.43 v1.43 ;;
      process)
        (
          cd "$here/../v1"
          go vet .
          go test -c -o "$built/v1.test" .
          go build -ldflags='-s -w' -o "$built/all-in-one-v1.57" $module/cmd/all-in-one
        )
        ;;
      *) echo "run.sh: unknown part '$part'" >&2 && exit 2 ;;
    esac
  done
}

# build_suite FOLDER RELEASE: what the module in the folder requires
build_suite() (
  cd "$here/$1"
  go test -c -tags grpc_storage_integration -o "$built/suite-$2.test" $module/plugin/storage/integration
)

# suite RELEASE VARIABLE...: Jaeger's own storage tests, which find a configuration of theirs relative to where they run
suite() {
  local release=$1 dir=$work/$1
  mkdir -p "$dir/fixtures"
  echo 'enable_streaming_writer: true' >"$dir/fixtures/grpc_plugin_conf.yaml"
  (
    cd "$dir"
    env STORAGE=grpc PLUGIN_BINARY_PATH="$plugin" "${@:2}" "$built/suite-$release.test" \
      -test.v -test.timeout 10m -test.run "^($(IFS='|' && echo "${writers[*]}"))\$" >"$work/$release.log" 2>&1
  ) || complain "$release failed"
}

# verify NAME RESULT TEST...: each of them had this result; one that did not run counts as failed
verify() {
  local test met=0
  for test in "${@:3}"; do
    if grep -q "^ *--- $2: $test " "$work/$1.log"; then met=$((met + 1)); else complain "$1: no $2 of $test"; fi
  done
  echo "$1: $met of $(($# - 2)) $2"
}

suite_v1_57() {
  local writer
  suite v1.57 PLUGIN_CONFIG_PATH="$config" JAEGER_DYNAMODB_DATA_DIR="$work/v1.57/data" JAEGER_DYNAMODB_WIPE_ON_START=true
  for writer in "${writers[@]}"; do
    verify v1.57 PASS "$writer"/{GetServices,GetOperations,GetTrace,GetLargeSpans,FindTraces,ArchiveTrace}
    # Jaeger has no way to write what these would read from a plugin.
    verify v1.57 SKIP "$writer"/{GetDependencies,GetThroughput,GetLatestProbability}
  done
  if grep -q 'failed to exit gracefully' "$work/v1.57.log"; then complain "v1.57 had to kill a plugin"; fi
}

# v1.43 starts a plugin for each test and leaves all of them running until it ends itself.
suite_v1_43() {
  local writer
  suite v1.43 PLUGIN_CONFIG_PATH= JAEGER_DYNAMODB_DATA_DIR=:memory: JAEGER_DYNAMODB_V1_UNSPECIFIED_KIND=
  for writer in "${writers[@]}"; do
    verify v1.43 PASS "$writer"/{GetServices,GetOperations,GetTrace,GetLargeSpans,FindTraces}
    verify v1.43 SKIP "$writer"/GetDependencies
  done
  for _ in {1..30}; do
    if ! is_plugin_running; then return; fi
    sleep 0.1
  done
  complain "v1.43 ended and a plugin goes on"
}

is_plugin_running() {
  find /proc/[0-9]*/exe -lname "$plugin" 2>/dev/null | grep -q .
}

with_process() {
  env PLUGIN="$plugin" LOADGEN="$loadgen" PLUGIN_CONFIG="$config" ALL_IN_ONE="$built/all-in-one-v1.57" LOGS="$work" "$built/v1.test" \
    -test.v -test.timeout 10m -test.run "^($(IFS='|' && echo "${processes[*]}"))\$" >"$work/process.log" 2>&1 ||
    complain "process failed"
  verify process PASS "${processes[@]}"
  if grep -q -- '--- SKIP' "$work/process.log"; then complain "process: a test was skipped"; fi
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

if [[ $# -eq 0 ]]; then set -- v1.57 v1.43 process; fi
if [[ -z ${IN_OWN_NAMESPACE:-} ]]; then
  build "$@"
  enter_own_namespace "$@"
fi
problems=0
rm -rf "$work"
mkdir -p "$work"
for part in "$@"; do
  case $part in
    v1.57) suite_v1_57 ;;
    v1.43) suite_v1_43 ;;
    process) with_process ;;
  esac
done
if [[ $problems -ne 0 ]]; then show_logs; fi
echo "took $SECONDS s"
exit $problems
