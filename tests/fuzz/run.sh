#!/usr/bin/env bash
# Runs fuzz targets one after the other and prints what they did: run.sh SECONDS [TARGET...]
# Inputs that reach something new stay in tests/fuzz/target/found; one that breaks a law comes to tests/fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")"

seconds=$1
shift
if ! cargo fuzz --version > /dev/null 2>&1; then
    echo "cargo-fuzz is missing: cargo install --locked cargo-fuzz@0.13.2" >&2
    exit 1
fi
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(cargo fuzz list --fuzz-dir .)
fi
# Without a sanitizer: our code has no unsafe block, and what it takes of memory the targets measure themselves.
for target in "${targets[@]}"; do
    cargo fuzz build --fuzz-dir . --sanitizer none "$target"
done

binaries=target/$(rustc --print host-tuple)/release
logs=target/logs
mkdir -p "$logs"
failed=0
rows=()
for target in "${targets[@]}"; do
    mkdir -p "target/found/$target" "artifacts/$target"
    options=(-max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len=16384 -print_final_stats=1)
    options+=(-artifact_prefix="artifacts/$target/")
    if [ -e "dictionaries/$target" ]; then
        options+=(-dict="dictionaries/$target")
    fi
    findings=0
    echo "$target: $seconds s"
    if ! "$binaries/$target" "${options[@]}" "target/found/$target" "corpus/$target" > "$logs/$target" 2>&1; then
        findings=1
        failed=1
        grep -aE -m 3 -A 1 'panicked at|ERROR: libFuzzer|Test unit written' "$logs/$target" || tail -n 5 "$logs/$target"
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$target")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$logs/$target")
    features=$(grep -aoE ' ft: [0-9]+' "$logs/$target" | tail -n 1 | tr -dc 0-9)
    rows+=("$target ${executions:--} ${rate:--} ${features:--} $findings")
done
printf '\n%-14s %12s %8s %9s %9s\n' target executions exec/s features findings
for row in "${rows[@]}"; do
    # shellcheck disable=SC2086 # a row is its words
    printf '%-14s %12s %8s %9s %9s\n' $row
done
exit "$failed"
