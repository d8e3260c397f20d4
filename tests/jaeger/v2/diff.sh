#!/usr/bin/env bash
# Runs the differential ring: random spans and queries to our server and to the memory store of Jaeger v2.13, with the
# usual settings, with windows that are derived before anything is asked, and with windows that never are.
# usage: [CASES=number] [SEED=number] diff.sh [name of a test]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)

cd "$root"
"$here/build.sh" jaeger
# With the whole workspace, as `make test` builds: for one package features differ, and dependencies are compiled again.
cargo build --profile ci --workspace --bins
export JAEGER=$root/target/jaeger/jaeger
export SERVER=${SERVER:-$root/target/ci/jaeger-dynamodb-server}
# One after the other: one set-up alone keeps a machine busy.
exec cargo test --profile ci --workspace --features jaeger-dynamodb-tests/jaeger-diff --test jaeger_diff -- \
  --nocapture --test-threads 1 "$@"
