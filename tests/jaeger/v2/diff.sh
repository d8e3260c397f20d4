#!/usr/bin/env bash
# Runs the differential ring: random spans and queries to our server and to the memory store of Jaeger v2.13.
# usage: [CASES=number] [SEED=number] diff.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)

cd "$root"
"$here/build.sh" jaeger
# With the whole workspace, as `make test` builds: for one package features differ, and dependencies are compiled again.
cargo build --profile ci --workspace --bins
export JAEGER=$root/target/jaeger/jaeger
export SERVER=${SERVER:-$root/target/ci/jaeger-dynamodb-server}
exec cargo test --profile ci --workspace --features jaeger-dynamodb-tests/jaeger-diff --test jaeger_diff -- --nocapture
